package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// burst is how many requests come at once to a function that has never run.
const burst = 200

// What the slow function takes is long enough that nearly every request needs an
// environment of its own.
const (
	slowPython = `import time

def handler(event, context):
    time.sleep(1)
    return {"statusCode": 200, "body": "done"}
`
	slowNode = `exports.handler = () => new Promise((done) => setTimeout(() => done({ statusCode: 200, body: "done" }), 1000));
`
)

// measureBursts sends 200 requests at once to functions that have never run.
func (b *bench) measureBursts(ctx context.Context) error {
	s, err := b.start(ctx, "burst")
	if err != nil {
		return err
	}
	defer s.stop()
	functions, err := b.functions()
	if err != nil {
		return err
	}
	slow := []function{
		{name: "python, 1 s each", runtime: "python3.11", handler: "app.handler", files: map[string]string{"app.py": slowPython}},
		{name: "node, 1 s each", runtime: "nodejs20.x", handler: "index.handler", files: map[string]string{"index.js": slowNode}},
	}
	fmt.Printf("%d requests at once to a function that has never run (ms; budget: python p99 1000, no errors, no swapping)\n", burst)
	for i, f := range append(functions, slow...) {
		path, err := s.deploy(ctx, f, fmt.Sprintf("burst-%d", i))
		if err != nil {
			return err
		}
		time.Sleep(2 * time.Second) // what stands ready does so again
		swapped := swappedOut()
		low := lowestMemory()
		took, statuses, err := sendAtOnce(s.address, path, burst)
		least := low()
		if err != nil {
			return err
		}
		fmt.Printf("  %-18s p50 %6.0f   p99 %6.0f   max %6.0f   %s   least memory available %d MB   pages swapped out %d\n",
			f.name, median(took), took[len(took)*99/100], took[len(took)-1], statuses, least, swappedOut()-swapped)
	}
	fmt.Println()
	return nil
}

// sendAtOnce sends n requests at the same moment, each on a connection that is
// open already, and returns how long the answers took, sorted, and their
// statuses.
func sendAtOnce(address, path string, n int) ([]float64, string, error) {
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nUser-Agent: bench\r\n\r\n")
	conns := make([]net.Conn, n)
	for i := range conns {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return nil, "", err
		}
		defer c.Close()
		conns[i] = c
	}
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		took     []float64
		statuses = map[int]int{}
		errs     []error
	)
	start := make(chan struct{})
	for _, c := range conns {
		wg.Go(func() {
			<-start
			began := time.Now()
			_, err := c.Write(request)
			status := 0
			if err == nil {
				status, err = readResponse(bufio.NewReader(c))
			}
			d := time.Since(began)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, float64(d.Microseconds())/1000)
			statuses[status]++
			errs = append(errs, err)
		})
	}
	close(start)
	wg.Wait()
	slices.Sort(took)
	var text []string
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		text = append(text, fmt.Sprintf("%d × %d", statuses[status], status))
	}
	return took, strings.Join(text, ", "), errors.Join(errs...)
}

// lowestMemory watches how much memory is available; the function it returns
// ends that and tells the least, in MB.
func lowestMemory() func() int {
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		least := availableMemory()
		for {
			select {
			case <-stop:
				done <- least
				return
			case <-time.After(20 * time.Millisecond):
				least = min(least, availableMemory())
			}
		}
	}()
	return func() int {
		close(stop)
		return <-done
	}
}

// availableMemory is how much memory programs can still have, in MB; 0 where the
// system does not tell.
func availableMemory() int { return field(os.DirFS("/proc"), "meminfo", "MemAvailable:") / 1024 }

// swappedOut is how many pages the system has swapped out since it started.
func swappedOut() int { return field(os.DirFS("/proc"), "vmstat", "pswpout") }

// field returns a number that a file of /proc has on a line of that name.
func field(proc fs.FS, file, name string) int {
	b, err := fs.ReadFile(proc, file)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name {
			n, _ := strconv.Atoi(fields[1]) // the kernel writes numbers
			return n
		}
	}
	return 0
}
