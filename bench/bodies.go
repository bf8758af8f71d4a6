package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"
)

const (
	bodySize   = 10_000_000 // bytes; API Gateway takes no more than 10 MB
	bodiesOnce = 8          // at the same time
	bodyRounds = 5
)

// measureBodies sends the largest bodies through a REST API to an HTTP endpoint
// that sends them back, and tells how much memory that takes.
func measureBodies(ctx context.Context, s *lamgateServer) error {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		io.Copy(w, r.Body)
	}))
	defer backend.Close()
	path, err := s.deployProxy(ctx, "POST", backend.URL, false)
	if err != nil {
		return err
	}
	before, err := s.anonymousMemory()
	if err != nil {
		return err
	}
	var done atomic.Bool
	var peak float64
	var watching, sending sync.WaitGroup
	watching.Go(func() {
		for !done.Load() {
			if now, err := s.anonymousMemory(); err == nil {
				peak = max(peak, now)
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
	var failed atomic.Pointer[error]
	body := bytes.Repeat([]byte("x"), bodySize)
	began := time.Now()
	for range bodiesOnce {
		sending.Go(func() {
			for range bodyRounds {
				if err := sendBody("http://"+s.address+path, body); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	sending.Wait()
	took := time.Since(began)
	done.Store(true)
	watching.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	moved := float64(2*bodySize*bodiesOnce*bodyRounds) / 1e6
	fmt.Printf("bodies of 10 MB there and back, %d at once: %.0f MB/s; RssAnon %.0f MiB before, %.0f at most (%.1f × what is under way)\n\n",
		bodiesOnce, moved/took.Seconds(), before, peak, (peak-before)*(1<<20)/float64(2*bodySize*bodiesOnce))
	return nil
}

func sendBody(url string, body []byte) error {
	r, err := http.Post(url, "application/octet-stream", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer r.Body.Close()
	n, err := io.Copy(io.Discard, r.Body)
	if err == nil && (r.StatusCode != http.StatusOK || n != int64(len(body))) {
		err = fmt.Errorf("a body of 10 MB came back with %d and %d bytes", r.StatusCode, n)
	}
	return err
}
