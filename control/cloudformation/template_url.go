package cloudformation

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// s3Host matches the host names of S3, with the bucket of the virtual-hosted
// style before them.
var s3Host = regexp.MustCompile(`^(?:(.+)\.)?s3(?:[.-][a-z0-9-]+)?\.(?:amazonaws\.com|localhost(?:\.localstack\.cloud)?)$`)

// fetch reads a template from lamgate's own S3. Only the bucket and the key of
// the URL matter: no other host is ever asked.
func (s *Service) fetch(ctx context.Context, address string) (string, error) {
	bucket, key, version, err := parseTemplateURL(address)
	if err != nil {
		return "", err
	}
	in := &s3.GetObjectRequest{Bucket: &bucket, Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	out, err := s.objects.GetObject(ctx, in)
	if f := aws.AsFault(err); f != nil && f.Status < http.StatusInternalServerError {
		return "", template.Invalid("S3 error: %s\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html", f.Message)
	}
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	body, err := io.ReadAll(io.LimitReader(out.Body, template.MaxBody+1))
	if err == nil && len(body) > template.MaxBody {
		err = template.Invalid("Template may not exceed %d bytes in size.", template.MaxBody)
	}
	return string(body), err
}

// parseTemplateURL takes the URL of an object apart, in path style or with the
// bucket in the host name.
func parseTemplateURL(address string) (bucket, key, version string, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", "", "", template.Invalid("TemplateURL must be a supported URL.")
	}
	if u.Scheme == "s3" {
		// AWS: recorded so.
		return "", "", "", template.Invalid("S3 error: Domain name specified in %s is not a valid S3 domain", u.Host)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", "", "", template.Invalid("TemplateURL must be a supported URL.")
	}
	path := strings.TrimPrefix(u.Path, "/")
	host := u.Hostname()
	if m := s3Host.FindStringSubmatch(host); m != nil && m[1] != "" {
		bucket, key = m[1], path
	} else if name, rest, ok := strings.Cut(host, "."); ok && rest == "localhost" && name != "s3" {
		bucket, key = name, path // an endpoint of one's own, virtual-hosted
	} else if m != nil || ownHost(host) {
		bucket, key, _ = strings.Cut(path, "/")
	}
	if bucket == "" || key == "" {
		return "", "", "", template.Invalid("TemplateURL must be a supported URL.")
	}
	return bucket, key, u.Query().Get("versionId"), nil
}

// ownHost reports whether a host may be how a client reaches lamgate: whatever
// is not somebody's public name.
func ownHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	for _, suffix := range []string{".com", ".org", ".net", ".io"} {
		if strings.HasSuffix(host, suffix) {
			return false
		}
	}
	return true
}
