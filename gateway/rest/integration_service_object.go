package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// objectNeeds tells what a request to S3 needs, nil if that is not known.
//
// AWS: "Required permissions for Amazon S3 API operations". Parts of a bucket
// or an object, its tags for one, have actions of their own, and so have
// versions. Keys are not paths: two dots are a name like any other. But the
// servers of an endpoint map may see that otherwise.
func objectNeeds(method, host, path, query string, headers []field, own bool) []need {
	if !own && ambiguous(path) {
		return nil
	}
	part, ok := objectPart(query)
	if !ok {
		return nil
	}
	bucket, key, ok := objectOf(host, path)
	if !ok {
		return nil
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if bucket == "" {
		if method == http.MethodGet && part == "" {
			return []need{{"s3:ListAllMyBuckets", "*"}}
		}
		return nil
	}
	container := "arn:aws:s3:::" + bucket
	if key == "" {
		if method == http.MethodPost && part == "delete" { // the body names the objects
			return []need{{action: "s3:DeleteObject"}, {action: "s3:DeleteObjectVersion"}}
		}
		action := bucketAction(method, part)
		if action == "" {
			return nil
		}
		return withHeaders([]need{{"s3:" + action, container}}, "Bucket", headers, own)
	}
	actions := objectActions(method, part)
	if actions == nil {
		return nil
	}
	var needs []need
	for _, action := range actions {
		needs = append(needs, need{"s3:" + action, container + "/" + key})
	}
	return withHeaders(needs, "Object", headers, own)
}

// objectOf returns the bucket and the key that a path leads to, with the bucket
// that stands before the host.
func objectOf(host, path string) (bucket, key string, ok bool) {
	path, ok = strings.CutPrefix(path, "/")
	bucket, key = strings.ToLower(host), path
	if bucket == "" {
		bucket, key, _ = strings.Cut(path, "/")
		if bucket == "" && path != "" {
			return "", "", false
		}
	}
	bucket, bucketErr := url.PathUnescape(bucket)
	key, keyErr := url.PathUnescape(key)
	return bucket, key, ok && bucketErr == nil && keyErr == nil && !strings.Contains(bucket, "/")
}

// objectPart names the part of a bucket or an object that a query string asks
// for: by the names of the parameters that decide which operation it is, in
// order. ok is false if there are others that are not known.
func objectPart(query string) (part string, ok bool) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", false
	}
	var names []string
	for name, v := range values {
		switch name {
		case "list-type", "prefix", "delimiter", "marker", "max-keys", "encoding-type", "continuation-token", "fetch-owner", "start-after",
			"key-marker", "version-id-marker", "upload-id-marker", "max-uploads", "max-parts", "part-number-marker", "x-id",
			"response-cache-control", "response-content-disposition", "response-content-encoding", "response-content-language",
			"response-content-type", "response-expires":
			continue
		case "versionId", "uploadId", "partNumber":
			if len(v) != 1 || v[0] == "" {
				return "", false
			}
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, "&"), true
}

// objectActions are the actions that a request to an object needs.
func objectActions(method, part string) []string {
	switch method + " " + part {
	case "GET ", "GET partNumber", "POST select&select-type":
		return []string{"GetObject"}
	case "GET versionId", "GET partNumber&versionId":
		return []string{"GetObjectVersion"}
	case "GET acl":
		return []string{"GetObjectAcl"}
	case "GET acl&versionId":
		return []string{"GetObjectVersionAcl"}
	case "GET tagging":
		return []string{"GetObjectTagging"}
	case "GET tagging&versionId":
		return []string{"GetObjectVersionTagging"}
	case "GET attributes":
		return []string{"GetObject", "GetObjectAttributes"}
	case "GET attributes&versionId":
		return []string{"GetObjectVersion", "GetObjectVersionAttributes"}
	case "GET legal-hold", "GET legal-hold&versionId":
		return []string{"GetObjectLegalHold"}
	case "GET retention", "GET retention&versionId":
		return []string{"GetObjectRetention"}
	case "GET uploadId":
		return []string{"ListMultipartUploadParts"}
	case "PUT ", "PUT partNumber&uploadId", "POST uploads", "POST uploadId":
		return []string{"PutObject"}
	case "PUT acl":
		return []string{"PutObjectAcl"}
	case "PUT acl&versionId":
		return []string{"PutObjectVersionAcl"}
	case "PUT tagging":
		return []string{"PutObjectTagging"}
	case "PUT tagging&versionId":
		return []string{"PutObjectVersionTagging"}
	case "PUT legal-hold", "PUT legal-hold&versionId":
		return []string{"PutObjectLegalHold"}
	case "PUT retention", "PUT retention&versionId":
		return []string{"PutObjectRetention"}
	case "POST restore", "POST restore&versionId":
		return []string{"RestoreObject"}
	case "DELETE ":
		return []string{"DeleteObject"}
	case "DELETE versionId":
		return []string{"DeleteObjectVersion"}
	case "DELETE tagging":
		return []string{"DeleteObjectTagging"}
	case "DELETE tagging&versionId":
		return []string{"DeleteObjectVersionTagging"}
	case "DELETE uploadId":
		return []string{"AbortMultipartUpload"}
	}
	return nil
}

// bucketAction is the action that a request to a bucket needs.
func bucketAction(method, part string) string {
	switch method + " " + part {
	case "GET ":
		return "ListBucket"
	case "GET versions":
		return "ListBucketVersions"
	case "GET uploads":
		return "ListBucketMultipartUploads"
	case "GET acl":
		return "GetBucketAcl"
	case "GET location":
		return "GetBucketLocation"
	case "GET tagging":
		return "GetBucketTagging"
	case "GET policy":
		return "GetBucketPolicy"
	case "GET versioning":
		return "GetBucketVersioning"
	case "PUT ":
		return "CreateBucket"
	case "PUT acl":
		return "PutBucketAcl"
	case "PUT tagging", "DELETE tagging":
		return "PutBucketTagging"
	case "PUT policy":
		return "PutBucketPolicy"
	case "PUT versioning":
		return "PutBucketVersioning"
	case "DELETE ":
		return "DeleteBucket"
	case "DELETE policy":
		return "DeleteBucketPolicy"
	}
	return ""
}

// withHeaders adds what the headers of a request need beside it; nil if that is
// not known.
func withHeaders(needs []need, kind string, headers []field, own bool) []need {
	resource, source := needs[0].resource, false
	for _, f := range headers {
		name := strings.ToLower(f.name)
		switch {
		case name == "x-amz-copy-source":
			from, ok := copyNeed(f.value)
			if !ok || source || !own && ambiguous(strings.TrimPrefix(from.resource, "arn:")) {
				return nil
			}
			source = true
			needs = append(needs, from)
		case name == "x-amz-acl", strings.HasPrefix(name, "x-amz-grant-"):
			needs = append(needs, need{"s3:Put" + kind + "Acl", resource})
		case name == "x-amz-tagging":
			needs = append(needs, need{"s3:PutObjectTagging", resource})
		case name == "x-amz-object-lock-legal-hold":
			needs = append(needs, need{"s3:PutObjectLegalHold", resource})
		case strings.HasPrefix(name, "x-amz-object-lock-"):
			needs = append(needs, need{"s3:PutObjectRetention", resource})
		case name == "x-amz-bypass-governance-retention":
			needs = append(needs, need{"s3:BypassGovernanceRetention", resource})
		case strings.HasPrefix(name, "x-amz-bucket-"), name == "x-http-method-override":
			return nil
		}
	}
	return needs
}

// copyNeed is what the source of a copy needs, /BUCKET/KEY?versionId=ID.
func copyNeed(source string) (n need, ok bool) {
	path, query, versioned := strings.Cut(strings.TrimPrefix(source, "/"), "?")
	path, err := url.PathUnescape(path)
	bucket, key, ok := strings.Cut(path, "/")
	if err != nil || !ok || bucket == "" || key == "" || strings.Contains(bucket, ":") {
		return n, false
	}
	n = need{"s3:GetObject", "arn:aws:s3:::" + bucket + "/" + key}
	if versioned {
		n.action = "s3:GetObjectVersion"
		_, versioned = strings.CutPrefix(query, "versionId=")
		return n, versioned
	}
	return n, true
}
