package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 3, "times that each contender is measured")
	seconds := flag.Float64("seconds", 4, "length of one measurement under load")
	cold := flag.Int("cold", 20, "functions of each runtime that are started cold")
	peer := flag.Bool("peer", true, "measure serverless-offline too")
	part := flag.String("part", "all", "what to measure: functions, proxying or all")
	flag.Parse()
	if err := run(context.Background(), *part, *rounds, time.Duration(*seconds*float64(time.Second)), *cold, *peer); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A contender answers requests at a path of an address.
type contender struct {
	name, address, path string
	one, many           []*load // with 1 and with 32 connections, by round
}

const connections = 32

func run(ctx context.Context, part string, rounds int, length time.Duration, cold int, peer bool) error {
	module, err := os.Getwd()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "lamgate-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// Sandboxes of other users must be able to walk through it.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	binary := filepath.Join(dir, "lamgate")
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/lamgate").CombinedOutput(); err != nil {
		return fmt.Errorf("build lamgate: %w\n%s", err, out)
	}
	fmt.Printf("lamgate bench, %s, %s/%s, %d CPUs, %s\n\n", time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cpu())

	if err := measureStart(ctx, binary, dir); err != nil {
		return err
	}
	server, err := startLamgate(ctx, binary, filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer server.stop()
	if part != "proxying" {
		if err := measureFunctions(ctx, server, module, dir, rounds, length, cold, peer); err != nil {
			return err
		}
	}
	if part == "functions" {
		return nil
	}
	if err := measureBodies(ctx, server); err != nil {
		return err
	}
	return measureProxying(ctx, server, module, dir, rounds, length)
}

// measureFunctions measures Lambda functions behind REST APIs.
func measureFunctions(ctx context.Context, server *lamgateServer, module, dir string, rounds int, length time.Duration, cold int, peer bool) error {
	native, err := nativeFunction(dir)
	if err != nil {
		return err
	}
	functions := []function{nodeFunction(), pythonFunction(), native}
	if err := measureCold(ctx, server, functions, cold); err != nil {
		return err
	}
	var contenders []*contender
	for _, f := range functions {
		path, err := server.deploy(ctx, f, "warm-"+f.name)
		if err != nil {
			return err
		}
		contenders = append(contenders, &contender{name: "lamgate " + f.name, address: server.address, path: path})
	}
	address, stop, err := startFloor(dir, functions[0])
	defer func() { stop() }()
	if err != nil {
		return fmt.Errorf("the floor: %w", err)
	}
	contenders = append(contenders, &contender{name: "floor node", address: address, path: "/hello"})
	if peer {
		address, stopPeer, err := startServerlessOffline(ctx, module, dir, functions[0])
		defer func() { stopPeer() }()
		if err != nil {
			return err
		}
		contenders = append(contenders, &contender{name: "serverless-offline node", address: address, path: "/hello"})
	}
	figures, err := measureWarm("warm requests", contenders, rounds, length)
	if err != nil {
		return err
	}
	fmt.Println("\nratios")
	node, floor := figures["lamgate node"], figures["floor node"]
	fmt.Printf("  node, 32 connections: %.2f × the floor (budget 0.75)\n", node.rate/floor.rate)
	fmt.Printf("  node, 1 connection: floor + %.0f µs (budget 60)\n", node.alone-floor.alone)
	if peer, ok := figures["serverless-offline node"]; ok {
		fmt.Printf("  node, 32 connections: %.1f × serverless-offline (budget 6)\n", node.rate/peer.rate)
	}
	fmt.Println()
	return nil
}

// measureStart starts the server several times on fresh directories.
func measureStart(ctx context.Context, binary, dir string) error {
	var fresh, again, memory []float64
	for i := range 7 {
		data := filepath.Join(dir, fmt.Sprintf("start-%d", i))
		for _, into := range []*[]float64{&fresh, &again} {
			s, err := startLamgate(ctx, binary, data)
			if err != nil {
				return err
			}
			*into = append(*into, float64(s.ready.Microseconds())/1000)
			// Idle is what it is once the work of starting is done.
			time.Sleep(300 * time.Millisecond)
			m, err := s.anonymousMemory()
			if err != nil {
				s.stop()
				return err
			}
			memory = append(memory, m)
			s.stop()
		}
	}
	fmt.Printf("start to ready: fresh directory %.1f ms, again %.1f ms (medians of 7; budget 50)\n", median(fresh), median(again))
	fmt.Printf("idle memory: %.1f MiB RssAnon (median; budget 32)\n\n", median(memory))
	return nil
}

// measureCold sends one request to each of many functions that have never run.
func measureCold(ctx context.Context, s *lamgateServer, functions []function, n int) error {
	fmt.Println("cold first request, sandboxed, through the gateway (ms)")
	for _, f := range functions {
		paths := make([]string, n)
		for i := range paths {
			path, err := s.deploy(ctx, f, fmt.Sprintf("cold-%s-%d", f.name, i))
			if err != nil {
				return err
			}
			paths[i] = path
		}
		// Unpacking is deploying's work, not the first request's.
		time.Sleep(time.Second)
		var took []float64
		for _, path := range paths {
			d, err := s.first(path)
			if err != nil {
				return err
			}
			took = append(took, float64(d.Microseconds())/1000)
		}
		slices.Sort(took)
		fmt.Printf("  %-8s p50 %6.1f   min %6.1f   max %6.1f\n", f.name, median(took), took[0], took[len(took)-1])
	}
	fmt.Println()
	return nil
}

// A figure is what ratios are made of.
type figure struct {
	rate  float64 // requests a second over 32 connections
	alone float64 // the median of µs over one
}

// measureWarm measures all contenders in turn, round by round.
func measureWarm(title string, contenders []*contender, rounds int, length time.Duration) (map[string]figure, error) {
	for _, c := range contenders {
		// Environments come up and code warms up before anything counts.
		if _, err := generate(c.address, c.address, c.path, connections, length/2); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for range rounds {
		for _, c := range contenders {
			many, err := generate(c.address, c.address, c.path, connections, length)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			one, err := generate(c.address, c.address, c.path, 1, length/2)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			c.many, c.one = append(c.many, many), append(c.one, one)
		}
	}
	figures := map[string]figure{}
	fmt.Printf("%s (medians of %d rounds of %s)\n", title, rounds, length)
	fmt.Printf("  %-26s %12s %10s %10s %12s %9s\n", "", "32 conn.", "p50 µs", "p99 µs", "1 conn. p50", "failures")
	for _, c := range contenders {
		var rates, fifty, ninetyNine, single []float64
		failures := 0
		for i := range c.many {
			rates = append(rates, c.many[i].rate())
			fifty = append(fifty, micros(c.many[i].percentile(.5)))
			ninetyNine = append(ninetyNine, micros(c.many[i].percentile(.99)))
			single = append(single, micros(c.one[i].percentile(.5)))
			failures += c.many[i].failures + c.one[i].failures
		}
		f := figure{median(rates), median(single)}
		figures[c.name] = f
		fmt.Printf("  %-26s %8.0f r/s %10.0f %10.0f %9.0f µs %9d\n", c.name, f.rate, median(fifty), median(ninetyNine), f.alone, failures)
	}
	return figures, nil
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// cpu names the processor, as far as the system tells.
func cpu() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return "unknown processor"
}
