package state

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"
)

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s := open(b, Options{Dir: dir})
	for i := range 1000 {
		must(s.Documents().Put(b.Context(), fmt.Sprint("functions/", i), noise(1000, byte(i)), 0))(b)
	}
	s.Close()
	for b.Loop() {
		s, err := Open(Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		s.Close()
		b.StartTimer()
	}
}

func BenchmarkPut(b *testing.B) {
	docs := open(b, Options{}).Documents()
	value := noise(1000, 0)
	var revision uint64
	for b.Loop() {
		revision = must(docs.Put(b.Context(), "a", value, revision))(b)
	}
}

func BenchmarkGet(b *testing.B) {
	docs := open(b, Options{}).Documents()
	must(docs.Put(b.Context(), "functions/000000000000/us-east-1/hello", []byte("x"), 0))(b)
	for b.Loop() {
		must(docs.Get("functions/000000000000/us-east-1/hello"))(b)
	}
}

func BenchmarkBlob(b *testing.B) {
	blobs := open(b, Options{}).Blobs()
	data := noise(64<<20, 0)
	b.Run("put", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			must(blobs.Put(b.Context(), "a", bytes.NewReader(data)))(b)
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			r := must(blobs.Open(b.Context(), "a"))(b)
			must(io.Copy(io.Discard, r))(b)
			r.Close()
		}
	})
}

func BenchmarkQueue(b *testing.B) {
	q := must(open(b, Options{}).Queue("a"))(b)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	done := make(chan struct{})
	go q.Work(ctx, 1, 1, func(context.Context, Message) Verdict {
		done <- struct{}{}
		return Verdict{}
	})
	for b.Loop() {
		if err := q.Push(ctx, "", []byte("message")); err != nil {
			b.Fatal(err)
		}
		<-done
	}
}

// BenchmarkLogs appends what one invocation writes, in the way that a busy
// server would.
func BenchmarkLogs(b *testing.B) {
	l := open(b, Options{}).Logs()
	now := time.Now()
	events := []LogEvent{
		{now, now, "START RequestId: 5f2f1d2e-3d8a-4d3a-9c1e-0d6b0c9d8e7f Version: $LATEST"},
		{now, now, "hello from the function"},
		{now, now, "END RequestId: 5f2f1d2e-3d8a-4d3a-9c1e-0d6b0c9d8e7f"},
		{now, now, "REPORT RequestId: 5f2f1d2e-3d8a-4d3a-9c1e-0d6b0c9d8e7f\tDuration: 1.23 ms\tBilled Duration: 2 ms"},
	}
	i := 0
	streams := [4]string{"g/a", "g/b", "g/c", "g/d"}
	for b.Loop() {
		if err := l.Append(streams[i%4], events); err != nil {
			// Faster than the engine is faster than any server.
			l.Flush()
		}
		i++
	}
	l.Flush()
}
