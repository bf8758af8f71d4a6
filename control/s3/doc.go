// Package s3 is as much of Amazon S3 as deploying needs: buckets, and objects
// that are put (also in parts), fetched, listed, copied and deleted.
//
// A bucket (bucket.go) and an object (object.go) are a document each; the bytes
// of an object are a blob under a name of their own, so that replacing an
// object never disturbs who is reading it; service.go collects those that nothing
// refers to. range.go reads which part of an object is asked for, list.go lists,
// multipart.go puts together what came in parts, delete.go deletes. A bucket's
// policy (bucket_policy.go) guards each of these (access.go).
//
// What this package does not have it refuses: versions, ACLs, encryption with
// the caller's keys, tags on objects, locks.
package s3
