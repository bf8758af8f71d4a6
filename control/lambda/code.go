package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/code"
)

// Lambda's quotas for deployment packages, in bytes.
const (
	maxZipped   = 50 << 20  // uploaded with the call
	maxUnzipped = 250 << 20 // also the most that is fetched from S3
	maxStored   = 75 << 30  // all packages of an account in a region
)

// maxEntries bounds the files of a package. AWS names no number; this is far
// beyond any package of 250 MB that has been seen, and keeps a hostile one from
// filling the host's inodes.
const maxEntries = 100_000

// codePrefix is the prefix of packages in the blob store, followed by the
// function's place and a name of the package's own.
const codePrefix = "code/"

// A codeSource is where an operation takes a deployment package from.
type codeSource struct {
	zipFile                   []byte
	bucket, key, version      *string
	sourceKMSKey, storageMode *string
}

// readPackage fetches and checks a deployment package, and says how large it is
// unpacked.
func (s *Service) readPackage(ctx context.Context, src codeSource) (b []byte, unpacked int64, err error) {
	if b, err = s.fetchPackage(ctx, src); err != nil {
		return nil, 0, err
	}
	unpacked, err = s.checkPackage(b)
	return b, unpacked, err
}

func (s *Service) fetchPackage(ctx context.Context, src codeSource) ([]byte, error) {
	switch {
	case src.sourceKMSKey != nil:
		return nil, unsupported("encrypted deployment packages (SourceKMSKeyArn)")
	case aws.Value(src.storageMode) != "" && aws.Value(src.storageMode) != "COPY":
		return nil, unsupported("S3ObjectStorageMode %s", *src.storageMode)
	case len(src.zipFile) > 0 && (src.bucket != nil || src.key != nil):
		return nil, invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.")
	case len(src.zipFile) > maxZipped:
		return nil, aws.Faultf(http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "Zipped size must be smaller than %d bytes", maxZipped)
	case len(src.zipFile) > 0:
		return src.zipFile, nil
	case aws.Value(src.bucket) == "" || aws.Value(src.key) == "":
		return nil, invalid("Please provide a source for function code.")
	}
	object, err := s.Packages.GetObject(ctx, &s3.GetObjectRequest{Bucket: src.bucket, Key: src.key, VersionId: src.version})
	if f := aws.AsFault(err); f != nil {
		return nil, invalid("Error occurred while GetObject. S3 Error Code: %s. S3 Error Message: %s", f.Code, f.Message)
	}
	if err != nil {
		return nil, fmt.Errorf("fetch deployment package: %w", err)
	}
	defer object.Body.Close()
	b, err := io.ReadAll(io.LimitReader(object.Body, maxUnzipped+1))
	if err != nil {
		return nil, fmt.Errorf("fetch deployment package: %w", err)
	}
	if len(b) > maxUnzipped {
		return nil, invalid("Unzipped size must be smaller than %d bytes", maxUnzipped)
	}
	return b, nil
}

// checkPackage reads a ZIP file's directory: its form, its sizes, and that every
// entry can be unpacked. The sizes are what the directory claims; the unpacking
// holds it to them.
func (s *Service) checkPackage(b []byte) (unpacked int64, err error) {
	archive, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return 0, invalid("%s", cannotUnzip)
	}
	if len(archive.File) == 0 {
		return 0, invalid("Uploaded file must be a non-empty zip")
	}
	if len(archive.File) > maxEntries {
		return 0, invalid("%s (it has %d entries; lamgate takes %d)", cannotUnzip, len(archive.File), maxEntries)
	}
	for _, f := range archive.File {
		if f.UncompressedSize64 > maxUnzipped {
			return 0, invalid("Unzipped size must be smaller than %d bytes", maxUnzipped)
		}
		if unpacked += int64(f.UncompressedSize64); unpacked > maxUnzipped {
			return 0, invalid("Unzipped size must be smaller than %d bytes", maxUnzipped)
		}
	}
	if err := code.Check(archive, s.WithoutIsolation); err != nil {
		return 0, invalid("%s (%v)", cannotUnzip, err)
	}
	return unpacked, nil
}

const cannotUnzip = "Could not unzip uploaded file. Please check your file, then try to upload again."

// storePackage puts a package into the blob store, under a key of its own below
// its owner's.
func (s *Service) storePackage(ctx context.Context, owner string, b []byte, unpacked int64) (execution.Code, error) {
	code := codeOfPackage(b, unpacked)
	code.Blob = codePrefix + owner + "/" + aws.NewUUID()
	if _, err := s.Blobs.Put(ctx, code.Blob, bytes.NewReader(b)); err != nil {
		return code, fmt.Errorf("store deployment package: %w", err)
	}
	return code, nil
}

// codeOfPackage describes a package that is not stored.
func codeOfPackage(b []byte, unpacked int64) execution.Code {
	sum := sha256.Sum256(b)
	return execution.Code{SHA256: base64.StdEncoding.EncodeToString(sum[:]), Size: int64(len(b)), Unpacked: unpacked}
}
