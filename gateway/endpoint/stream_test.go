package endpoint

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestAStreamIsReadAsItComes(t *testing.T) {
	for name, frame := range map[string]func(string) string{
		"chunks": func(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) },
		"close":  func(s string) string { return s },
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan struct{})
			s := serve(t, func(_ int, c net.Conn, r *bufio.Reader) {
				readRequest(r)
				head := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
				if name == "chunks" {
					head += "Transfer-Encoding: chunked\r\n"
				}
				_, _ = io.WriteString(c, head+"\r\n")
				for i := range 3 {
					<-seen
					_, _ = io.WriteString(c, frame(fmt.Sprintf("data: %d\n\n", i)))
				}
				<-seen
				if name == "chunks" {
					_, _ = io.WriteString(c, "0\r\n\r\n")
					untilClosed(r)
				}
			})
			q := get(s)
			q.Stream = true
			var a Response
			client := newClient(t, Config{})
			if err := client.Do(t.Context(), q, &a); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 100)
			for i := range 3 {
				seen <- struct{}{}
				n, err := a.Stream.Read(b)
				if want := fmt.Sprintf("data: %d\n\n", i); err != nil || string(b[:n]) != want {
					t.Fatalf("%q, %v", b[:n], err)
				}
			}
			seen <- struct{}{}
			if n, err := a.Stream.Read(b); n != 0 || err != io.EOF {
				t.Errorf("%d, %v", n, err)
			}
			a.Stream.Close()
			a.Stream.Close()
			if kept := client.idle.Load() == 1; kept != (name == "chunks") {
				t.Errorf("the connection is kept: %v", kept)
			}
		})
	}
}

func TestAStreamMayBeLargerThanABody(t *testing.T) {
	const size = 3 * MaxBody
	s := serve(t, func(_ int, c net.Conn, r *bufio.Reader) {
		readRequest(r)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size)
		part := make([]byte, 1<<20)
		for range size / len(part) {
			if _, err := c.Write(part); err != nil {
				return
			}
		}
		untilClosed(r)
	})
	q := get(s)
	q.Stream = true
	var a Response
	if err := newClient(t, Config{}).Do(t.Context(), q, &a); err != nil {
		t.Fatal(err)
	}
	defer a.Stream.Close()
	if n, err := io.Copy(io.Discard, a.Stream); n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestAStreamThatIsClosedEndsTheExchange(t *testing.T) {
	closed := make(chan struct{})
	s := serve(t, func(_ int, c net.Conn, r *bufio.Reader) {
		readRequest(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nfor ever")
		untilClosed(r)
		close(closed)
	})
	q := get(s)
	q.Stream = true
	var a Response
	if err := newClient(t, Config{}).Do(t.Context(), q, &a); err != nil {
		t.Fatal(err)
	}
	a.Stream.Close()
	<-closed
	_, err := a.Stream.Read(make([]byte, 1))
	wantKind(t, err, Canceled, "closed")
}

func TestAStreamWithoutABodyKeepsItsConnection(t *testing.T) {
	s := answers(t, "HTTP/1.1 204 No Content\r\n\r\n", false)
	client := newClient(t, Config{})
	q := get(s)
	q.Stream = true
	var a Response
	for range 2 {
		if err := client.Do(t.Context(), q, &a); err != nil {
			t.Fatal(err)
		}
		a.Stream.Close() // unread
	}
	if s.accepted() != 1 {
		t.Errorf("%d connections", s.accepted())
	}
}

func TestAStreamEndsInTime(t *testing.T) {
	for _, c := range []struct {
		name          string
		timeout, idle time.Duration
		pass          time.Duration
		says          string
	}{
		{"silence", 15 * time.Minute, 30 * time.Second, 30 * time.Second, "nothing more for 30s"},
		{"the whole", time.Minute, 5 * time.Minute, time.Minute, "did not end its answer within 1m0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := manualClock()
			reading := make(chan struct{})
			s := serve(t, func(_ int, conn net.Conn, r *bufio.Reader) {
				readRequest(r)
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\nfirst")
				<-reading
				untilClosed(r)
			})
			q := get(s)
			q.Stream, q.Timeout, q.Idle = true, c.timeout, c.idle
			var a Response
			if err := newClient(t, Config{Clock: clock}).Do(t.Context(), q, &a); err != nil {
				t.Fatal(err)
			}
			defer a.Stream.Close()
			b := make([]byte, 100)
			if _, err := io.ReadFull(a.Stream, b[:5]); err != nil {
				t.Fatal(err)
			}
			close(reading)
			ended := make(chan error)
			go func() {
				_, err := a.Stream.Read(b)
				ended <- err
			}()
			for {
				// The reader may not have begun to wait yet; no time passes for
				// it before.
				clock.Advance(c.pass)
				select {
				case err := <-ended:
					wantKind(t, err, Timeout, c.says)
					return
				case <-time.After(time.Millisecond):
				}
			}
		})
	}
}

func TestAStreamThatBreaksOffSaysSo(t *testing.T) {
	s := serve(t, func(_ int, c net.Conn, r *bufio.Reader) {
		readRequest(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n")
	})
	q := get(s)
	q.Stream = true
	var a Response
	if err := newClient(t, Config{}).Do(t.Context(), q, &a); err != nil {
		t.Fatal(err)
	}
	defer a.Stream.Close()
	b, err := io.ReadAll(a.Stream)
	wantKind(t, err, PeerClosed, "closed")
	if string(b) != "abcde" || errors.Is(err, io.EOF) && strings.Contains(err.Error(), "EOF") {
		t.Errorf("%q, %v", b, err)
	}
}
