package rest

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"

	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/telemetry"
)

// The content codings that API Gateway knows beside identity.
const (
	codingGzip    = "gzip"
	codingDeflate = "deflate"
)

// compressors keeps what packs and unpacks for the next body: a writer is half
// a megabyte.
type compressors struct {
	gzipReaders, gzipWriters, zlibReaders, zlibWriters sync.Pool
}

// unpackBody undoes the request's content coding.
//
// AWS: a request is unpacked whatever the API's minimumCompressionSize, before
// anything looks at its type; its Content-Encoding stays (dougmoscrop/
// serverless-http issue 194). A coding that is not known, and a body that is
// not in it, are 415 ("Call an API method with a compressed payload"). Deflate
// is what RFC 1950 describes; bare RFC 1951 is refused.
func (c *call) unpackBody() *gatewayResponse {
	if len(c.body) == 0 {
		return nil
	}
	coding := strings.ToLower(strings.TrimSpace(c.request.Header.Get("Content-Encoding")))
	if coding == "" || coding == "identity" {
		return nil
	}
	unpacked, err := c.gateway.compressors.unpack(coding, c.body)
	switch {
	case errors.Is(err, errUnpackedTooLarge):
		return c.refuse(stepMethodRequest, telemetry.Failed, note("the body unpacks to more than %d bytes", maxBody), requestTooLarge())
	case err != nil:
		return c.refuse(stepMethodRequest, telemetry.Failed, advice{"the body is not of its Content-Encoding " + strconv.Quote(coding) + ": " + err.Error(),
			"send it as gzip, deflate (RFC 1950) or identity"}, unsupportedMediaType())
	}
	c.body = unpacked
	return nil
}

var (
	errUnknownCoding    = errors.New("API Gateway does not know this content coding")
	errUnpackedTooLarge = errors.New("the body unpacks to too much")
)

func (k *compressors) unpack(coding string, packed []byte) ([]byte, error) {
	switch coding {
	case codingGzip:
		r, ok := k.gzipReaders.Get().(*gzip.Reader)
		if !ok {
			r = new(gzip.Reader)
		}
		defer k.gzipReaders.Put(r)
		if err := r.Reset(bytes.NewReader(packed)); err != nil {
			return nil, err
		}
		return readBounded(r)
	case codingDeflate:
		if r, ok := k.zlibReaders.Get().(io.ReadCloser); ok {
			defer k.zlibReaders.Put(r)
			if err := r.(zlib.Resetter).Reset(bytes.NewReader(packed), nil); err != nil {
				return nil, err
			}
			return readBounded(r)
		}
		r, err := zlib.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, err
		}
		defer k.zlibReaders.Put(r)
		return readBounded(r)
	}
	return nil, errUnknownCoding
}

// readBounded reads what a body may have at most.
func readBounded(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err == nil && len(b) > maxBody {
		return nil, errUnpackedTooLarge
	}
	return b, err
}

// packResponse compresses the response's body where the API and the caller
// want it.
//
// AWS: the API has a minimumCompressionSize that the body reaches, the
// integration has set no Content-Encoding, and the coding that the caller wants
// most is a known one ("Receive an API response with a compressed payload").
func (c *call) packResponse() {
	r := &c.response
	least := c.published.plan.Deployment.MinimumCompressionSize
	if least == nil || len(r.body) < *least || len(r.body) == 0 || front.Bodiless(r.status) || r.has("Content-Encoding") {
		return
	}
	coding := preferredCoding(c.request.Header.Values("Accept-Encoding"))
	if coding == "" {
		return
	}
	var packed bytes.Buffer
	if err := c.gateway.compressors.pack(&packed, coding, r.body); err != nil {
		return // the body goes out as it is
	}
	r.body = packed.Bytes()
	r.add("Content-Encoding", coding)
}

func (k *compressors) pack(to *bytes.Buffer, coding string, body []byte) error {
	if coding == codingGzip {
		w, ok := k.gzipWriters.Get().(*gzip.Writer)
		if !ok {
			w = gzip.NewWriter(to)
		}
		defer k.gzipWriters.Put(w)
		w.Reset(to)
		_, err := w.Write(body)
		return errors.Join(err, w.Close())
	}
	w, ok := k.zlibWriters.Get().(*zlib.Writer)
	if !ok {
		w = zlib.NewWriter(to)
	}
	defer k.zlibWriters.Put(w)
	w.Reset(to)
	_, err := w.Write(body)
	return errors.Join(err, w.Close())
}

// preferredCoding returns the coding that Accept-Encoding ranks highest, the
// first of those ranked alike, if it is one to compress with.
//
// AWS: "The highest-priority content encoding must be one supported by API
// Gateway. If it is not, compression is not applied." A * names none.
func preferredCoding(accept []string) string {
	best, rank := "", 0.0
	for _, list := range accept {
		for part := range strings.SplitSeq(list, ",") {
			name, parameters, _ := strings.Cut(part, ";")
			if q := quality(parameters); q > rank {
				best, rank = strings.ToLower(strings.TrimSpace(name)), q
			}
		}
	}
	if best == codingGzip || best == codingDeflate {
		return best
	}
	return ""
}

// quality returns the q of an element's parameters; what cannot be read ranks
// last.
func quality(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || q < 0 || q > 1 {
				return 0
			}
			return q
		}
	}
	return 1
}
