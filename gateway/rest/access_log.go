package rest

import (
	"net/http"

	"github.com/lamgate/lamgate/gateway/plan"
)

// An accessLog is a stage's access log, ready to be written.
type accessLog struct {
	format *plan.AccessFormat
}

func newAccessLog(s *stage) *accessLog { return nil }

// A meter counts the bytes of a response.
type meter struct {
	http.ResponseWriter
	bytes int64
}

func (m *meter) Write(b []byte) (int, error) {
	n, err := m.ResponseWriter.Write(b)
	m.bytes += int64(n)
	return n, err
}

// Unwrap has an http.ResponseController find what the writer can do.
func (m *meter) Unwrap() http.ResponseWriter { return m.ResponseWriter }

func (c *call) logAccess()    {}
func (c *call) logExecution() {}
