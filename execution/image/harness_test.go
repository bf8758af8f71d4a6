package image

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/lamgate/lamgate/execution"
)

func slogDiscard() *log.Logger { return log.New(io.Discard, "", 0) }

func image(uri string) execution.Image { return execution.Image{URI: uri} }

func execImage(d *Description) execution.Image {
	return execution.Image{URI: d.Resolved, Resolved: d.Resolved, Digest: d.Digest}
}

func reason(err error) string {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Reason
	}
	return ""
}

// An impatient clock's waits are over at once, but for those that end what
// hangs.
type impatient struct{}

func (*impatient) Now() time.Time { return time.Unix(1700000000, 0) }

func (*impatient) AfterFunc(d time.Duration, f func()) func() bool {
	if d < stallLimit {
		go f()
	}
	return func() bool { return false }
}

// A described part has a manifest.
type described interface {
	MediaType() (types.MediaType, error)
	RawManifest() ([]byte, error)
	Digest() (v1.Hash, error)
}

// push puts an image into a registry on this host and returns its digest.
func push(t testing.TB, reference string, i v1.Image) string {
	t.Helper()
	host, repository, _ := strings.Cut(reference, "/")
	repository, _, _ = strings.Cut(repository, ":")
	blob := func(digest v1.Hash, content io.Reader) {
		send(t, http.MethodPost, "http://"+host+"/v2/"+repository+"/blobs/uploads/?digest="+digest.String(), "application/octet-stream", content)
	}
	layers, err := i.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		d, _ := l.Digest()
		content, err := l.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		blob(d, content)
		content.Close()
	}
	config, err := i.RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	d, _ := i.ConfigName()
	blob(d, bytes.NewReader(config))
	return put(t, reference, i)
}

// put puts a manifest or an index into a registry under a tag or a digest.
func put(t testing.TB, reference string, i described) string {
	t.Helper()
	host, rest, _ := strings.Cut(reference, "/")
	repository, tag, _ := strings.Cut(rest, ":")
	b, err := i.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	mediaType, _ := i.MediaType()
	send(t, http.MethodPut, "http://"+host+"/v2/"+repository+"/manifests/"+tag, string(mediaType), bytes.NewReader(b))
	return digest(t, i)
}

func send(t testing.TB, method, address, mediaType string, content io.Reader) {
	t.Helper()
	q, err := http.NewRequest(method, address, content)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", mediaType)
	response, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		b, _ := io.ReadAll(response.Body)
		t.Fatalf("%s %s: %s: %s", method, address, response.Status, b)
	}
}
