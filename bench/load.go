package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A load is what a load generator saw.
type load struct {
	requests int
	failures int
	seconds  float64
	latency  []time.Duration // sorted
}

func (l *load) rate() float64 { return float64(l.requests) / l.seconds }

func (l *load) percentile(p float64) time.Duration {
	if len(l.latency) == 0 {
		return 0
	}
	return l.latency[min(int(p*float64(len(l.latency))), len(l.latency)-1)]
}

// generate sends the same request over a number of connections, each sending
// the next when the last is answered, for a time. The client is as small as can
// be: it shares the machine with what it measures.
func generate(address, host, path string, connections int, d time.Duration) (*load, error) {
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		total load
		errs  []error
	)
	began := time.Now()
	deadline := began.Add(d)
	for range connections {
		wg.Go(func() {
			l, err := drive(address, request, deadline)
			mu.Lock()
			defer mu.Unlock()
			total.requests += l.requests
			total.failures += l.failures
			total.latency = append(total.latency, l.latency...)
			if err != nil {
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	total.seconds = time.Since(began).Seconds()
	slices.Sort(total.latency)
	return &total, errors.Join(errs...)
}

func drive(address string, request []byte, deadline time.Time) (load, error) {
	var l load
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return l, err
	}
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 16<<10)
	for time.Now().Before(deadline) {
		start := time.Now()
		if _, err := conn.Write(request); err != nil {
			return l, err
		}
		status, err := readResponse(r)
		if err != nil {
			return l, err
		}
		l.latency = append(l.latency, time.Since(start))
		l.requests++
		if status != http.StatusOK {
			l.failures++
		}
	}
	return l, nil
}

// readResponse reads one response and drops its body.
func readResponse(r *bufio.Reader) (status int, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, fmt.Errorf("status line %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length, chunked := 0, false
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
	if !chunked {
		_, err = r.Discard(length)
		return status, err
	}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 64)
		if err != nil {
			return 0, err
		}
		if _, err := io.CopyN(io.Discard, r, size+2); err != nil {
			return 0, err
		}
		if size == 0 {
			return status, nil
		}
	}
}
