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
	if len(os.Args) == 3 && os.Args[1] == floorArgument {
		if err := runFloor(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "bench: the floor:", err)
			os.Exit(1)
		}
		return
	}
	b := &bench{}
	flag.IntVar(&b.rounds, "rounds", 3, "times that each contender is measured")
	seconds := flag.Float64("seconds", 4, "length of one measurement under load")
	flag.IntVar(&b.starts, "cold", 20, "functions of each runtime that are started cold")
	flag.BoolVar(&b.peer, "peer", true, "measure serverless-offline too")
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	part := flag.String("part", "all", "what to measure, separated by commas: "+strings.Join(names, ", ")+", functions (cold and warm) or all")
	flag.Parse()
	b.length = time.Duration(*seconds * float64(time.Second))
	if err := b.run(context.Background(), *part); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// parts are what can be measured, in the order of the report.
var parts = []struct {
	name    string
	measure func(*bench, context.Context) error
}{
	{"start", (*bench).measureStart},
	{"cold", (*bench).measureCold},
	{"image", (*bench).measureImages},
	{"burst", (*bench).measureBursts},
	{"memory", (*bench).measureMemory},
	{"reload", (*bench).measureReload},
	{"stream", (*bench).measureStreams},
	{"warm", (*bench).measureFunctions},
	{"proxying", (*bench).measureProxies},
}

// A bench is one run.
type bench struct {
	module, dir, binary string
	rounds, starts      int
	length              time.Duration
	peer                bool
}

// A contender answers requests at a path of an address.
type contender struct {
	name, address, path string
	one, many           []*load // with 1 and with 32 connections, by round
}

const connections = 32

func (b *bench) run(ctx context.Context, part string) (err error) {
	known := []string{"all", "functions"}
	for _, p := range parts {
		known = append(known, p.name)
	}
	wanted := map[string]bool{}
	for name := range strings.SplitSeq(part, ",") {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no part %q", name)
		}
		wanted[name] = true
	}
	if wanted["functions"] {
		wanted["cold"], wanted["warm"] = true, true
	}
	if b.module, err = os.Getwd(); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "lamgate-bench-*"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	// Sandboxes of other users must be able to walk through it.
	if err := os.Chmod(b.dir, 0o755); err != nil {
		return err
	}
	b.binary = filepath.Join(b.dir, "lamgate")
	if out, err := exec.Command("go", "build", "-o", b.binary, "./cmd/lamgate").CombinedOutput(); err != nil {
		return fmt.Errorf("build lamgate: %w\n%s", err, out)
	}
	fmt.Printf("lamgate bench, %s, %s/%s, %d CPUs, %s\n\n", time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cpu())
	for _, p := range parts {
		if !wanted["all"] && !wanted[p.name] {
			continue
		}
		if err := p.measure(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// start runs a server of its own for a part, on an empty directory.
func (b *bench) start(ctx context.Context, part string, flags ...string) (*lamgateServer, error) {
	return startLamgate(ctx, b.binary, filepath.Join(b.dir, "data-"+part), flags...)
}

// measureFunctions measures Lambda functions behind REST APIs under load.
func (b *bench) measureFunctions(ctx context.Context) error {
	server, err := b.start(ctx, "warm")
	if err != nil {
		return err
	}
	defer server.stop()
	functions, err := b.functions()
	if err != nil {
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
	path, err := server.deployURL(ctx, "warm-"+functions[0].name)
	if err != nil {
		return err
	}
	contenders = append(contenders, &contender{name: "lamgate node, function URL", address: server.address, path: path})
	address, stop, err := startFloor(b.dir)
	defer func() { stop() }()
	if err != nil {
		return fmt.Errorf("the floor: %w", err)
	}
	contenders = append(contenders, &contender{name: "floor node", address: address, path: "/hello"})
	within, stopWithin, err := serveFloor(b.dir, functions[0])
	defer func() { stopWithin() }()
	if err != nil {
		return fmt.Errorf("the floor: %w", err)
	}
	contenders = append(contenders, &contender{name: "floor node, in this process", address: within, path: "/hello"})
	if b.peer {
		address, stopPeer, err := startServerlessOffline(ctx, b.module, b.dir, functions[0])
		defer func() { stopPeer() }()
		if err != nil {
			return err
		}
		contenders = append(contenders, &contender{name: "serverless-offline node", address: address, path: "/hello"})
	}
	figures, err := measureWarm("warm requests", contenders, b.rounds, b.length)
	if err != nil {
		return err
	}
	fmt.Println("\nratios")
	node := figures["lamgate node"]
	for _, name := range []string{"floor node", "floor node, in this process"} {
		floor := figures[name]
		fmt.Printf("  node, 32 connections: %.2f × the %s (budget 0.8)\n", node.rate/floor.rate, name)
		fmt.Printf("  node, 1 connection: %s + %.0f µs (budget 60)\n", name, node.alone-floor.alone)
	}
	if peer, ok := figures["serverless-offline node"]; ok {
		fmt.Printf("  node, 32 connections: %.1f × serverless-offline (budget 6)\n", node.rate/peer.rate)
	}
	fmt.Println()
	return nil
}

// measureProxies measures REST APIs before HTTP endpoints.
func (b *bench) measureProxies(ctx context.Context) error {
	server, err := b.start(ctx, "proxying")
	if err != nil {
		return err
	}
	defer server.stop()
	if err := measureBodies(ctx, server); err != nil {
		return err
	}
	return measureProxying(ctx, server, b.module, b.dir, b.rounds, b.length)
}

// measureStart starts the server several times on fresh directories.
func (b *bench) measureStart(ctx context.Context) error {
	var fresh, again, memory []float64
	for i := range 7 {
		data := filepath.Join(b.dir, fmt.Sprintf("start-%d", i))
		for _, into := range []*[]float64{&fresh, &again} {
			s, err := startLamgate(ctx, b.binary, data)
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
