package wire

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/aws"
)

// openS3Body undoes S3's chunks and verifies every checksum that came with the
// body, in headers or behind it. A body that fails is refused while it is read:
// the last Read gives the fault instead of the last bytes.
func (c *call) openS3Body() error {
	header := c.r.Header
	v := &verifier{r: c.r.Body, left: -1}
	chunked := strings.HasPrefix(header.Get("X-Amz-Content-Sha256"), "STREAMING-") || dropChunkedEncoding(header)
	if chunked {
		dropChunkedEncoding(header)
		length, err := strconv.ParseInt(header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
		if err != nil || length < 0 {
			return aws.Faultf(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
		}
		if limit := c.operationLimit(); length > limit {
			return c.tooLarge(limit)
		}
		c.message.length = length
		chunks := newChunkedReader(c.r.Body)
		v.r, v.trailers = chunks, chunks.trailers
		for name := range strings.SplitSeq(header.Get("X-Amz-Trailer"), ",") {
			if name = strings.TrimSpace(name); name == "" {
				continue
			}
			if err := v.expectTrailer(name); err != nil {
				return err
			}
		}
	}
	v.left = c.message.length
	if err := v.expectHeaders(header, c.operation.Name); err != nil {
		return err
	}
	c.r.Body = io.NopCloser(v)
	return nil
}

// dropChunkedEncoding takes aws-chunked, which is of the transfer only, out of
// the object's Content-Encoding.
func dropChunkedEncoding(header http.Header) bool {
	var kept []string
	found := false
	for name := range strings.SplitSeq(header.Get("Content-Encoding"), ",") {
		switch name = strings.TrimSpace(name); name {
		case "aws-chunked":
			found = true
		case "":
		default:
			kept = append(kept, name)
		}
	}
	if found {
		header.Del("Content-Encoding")
		if len(kept) > 0 {
			header.Set("Content-Encoding", strings.Join(kept, ","))
		}
	}
	return found
}

// A verifier passes a body on and checks its length and checksums at its end.
type verifier struct {
	r        io.Reader
	left     int64 // bytes to come; negative if nobody said
	trailers http.Header
	sums     []checksum
	err      error
}

// A checksum is computed over a body and compared with what the client sent.
type checksum struct {
	hash.Hash
	want    []byte
	trailer string // the name of the trailer that will say what to want
	fault   *aws.Fault
}

func (v *verifier) expectHeaders(header http.Header, operation string) error {
	// AWS: in CompleteMultipartUpload the checksum is that of the object.
	if operation != "CompleteMultipartUpload" {
		for name := range header {
			algorithm, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-checksum-")
			if !ok || algorithm == "algorithm" || algorithm == "type" || algorithm == "mode" {
				continue
			}
			h, err := newChecksum(algorithm)
			if err != nil {
				return err
			}
			want, decodeErr := base64.StdEncoding.DecodeString(header.Get(name))
			if decodeErr != nil || len(want) != h.Size() {
				return aws.Faultf(http.StatusBadRequest, "InvalidRequest", "Value for x-amz-checksum-%s header is invalid.", algorithm)
			}
			v.sums = append(v.sums, checksum{Hash: h, want: want, fault: badDigest(algorithm)})
		}
	}
	if text := header.Get("Content-MD5"); text != "" {
		want, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(want) != md5.Size {
			return aws.Faultf(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.")
		}
		v.sums = append(v.sums, checksum{Hash: md5.New(), want: want,
			fault: aws.Faultf(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.")})
	}
	if text := header.Get("X-Amz-Content-Sha256"); len(text) == 2*sha256.Size {
		want, err := hex.DecodeString(text)
		if err != nil {
			return aws.Faultf(http.StatusBadRequest, "InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value.")
		}
		v.sums = append(v.sums, checksum{Hash: sha256.New(), want: want,
			fault: aws.Faultf(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")})
	}
	return nil
}

func (v *verifier) expectTrailer(name string) error {
	algorithm, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-checksum-")
	if !ok {
		return aws.Faultf(http.StatusBadRequest, "InvalidRequest", "The value specified in the x-amz-trailer header is not supported")
	}
	h, err := newChecksum(algorithm)
	if err != nil {
		return err
	}
	v.sums = append(v.sums, checksum{Hash: h, trailer: name, fault: badDigest(algorithm)})
	return nil
}

func badDigest(algorithm string) *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", strings.ToUpper(algorithm))
}

// nvme is the reversed polynomial of CRC-64/NVME.
const nvme = 0x9a6c9329ac4bc9b5

func newChecksum(algorithm string) (hash.Hash, error) {
	switch algorithm {
	case "crc32":
		return crc32.NewIEEE(), nil
	case "crc32c":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli)), nil
	case "crc64nvme":
		return crc64.New(crc64.MakeTable(nvme)), nil
	case "sha1":
		return sha1.New(), nil
	case "sha256":
		return sha256.New(), nil
	case "sha512":
		return sha512.New(), nil
	case "md5":
		return md5.New(), nil
	}
	return nil, aws.Faultf(http.StatusNotImplemented, "NotImplemented", "lamgate does not verify x-amz-checksum-%s; use CRC32, CRC32C, CRC64NVME, SHA1, SHA256 or SHA512", algorithm)
}

func (v *verifier) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	if v.left >= 0 && int64(len(p)) > v.left+1 {
		p = p[:v.left+1]
	}
	n, err := v.r.Read(p)
	for i := range v.sums {
		v.sums[i].Write(p[:n])
	}
	if v.left >= 0 {
		v.left -= int64(n)
		if v.left < 0 {
			v.err = incompleteBody()
			return 0, v.err
		}
	}
	if err == nil && v.left == 0 && n > 0 {
		// Who reads just the bytes they were told of never sees the end: it is
		// looked for before the last of them are given out.
		err = v.expectEnd()
	}
	if errors.Is(err, io.EOF) {
		err = v.verify()
	}
	v.err = err
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	return n, err
}

func (v *verifier) expectEnd() error {
	var one [1]byte
	n, err := io.ReadFull(v.r, one[:])
	if n > 0 {
		return incompleteBody()
	}
	return err
}

// verify returns io.EOF if all is well.
func (v *verifier) verify() error {
	if v.left > 0 {
		return incompleteBody()
	}
	for _, sum := range v.sums {
		want := sum.want
		if sum.trailer != "" {
			var err error
			if want, err = base64.StdEncoding.DecodeString(v.trailers.Get(sum.trailer)); err != nil || len(want) != sum.Size() {
				return aws.Faultf(http.StatusBadRequest, "InvalidRequest", "Value for %s trailing header is invalid.", strings.ToLower(sum.trailer))
			}
		}
		if subtle.ConstantTimeCompare(sum.Sum(nil), want) != 1 {
			return sum.fault
		}
	}
	return io.EOF
}
