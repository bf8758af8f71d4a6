package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// restock is how long a server is left alone between two first requests, so that
// what stands ready does so again. First requests to functions are seldom.
const restock = 300 * time.Millisecond

// measureCold sends one request to each of many functions that have never run,
// with environments in stock and without.
func (b *bench) measureCold(ctx context.Context) error {
	functions, err := b.functions()
	if err != nil {
		return err
	}
	java, err := javaFunction(b.dir)
	if err != nil {
		fmt.Printf("java is left out: %v\n", err)
	} else {
		functions = append(functions, java)
	}
	for _, stock := range []struct{ title, flag string }{
		{"with environments in stock (--warm 2; budget: Python and Node 10, native 8)", "2"},
		{"without (--warm 0; budget 50)", "0"},
	} {
		s, err := b.start(ctx, "cold-"+stock.flag, "--warm", stock.flag)
		if err != nil {
			return err
		}
		fmt.Printf("cold first request, sandboxed, through the gateway, %s (ms)\n", stock.title)
		for _, f := range functions {
			n := b.starts
			if f.name == "java" {
				n = min(n, 5)
			}
			if err := s.measureFirst(ctx, f, n); err != nil {
				if f.name != "java" {
					s.stop()
					return err
				}
				fmt.Printf("  java is left out: %v\n", err)
			}
		}
		s.stop()
		fmt.Println()
	}
	return nil
}

// measureFirst deploys a function under n names and sends each its first request.
func (s *lamgateServer) measureFirst(ctx context.Context, f function, n int) error {
	paths := make([]string, n+1)
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
	for i, path := range paths {
		d, err := s.first(path)
		if err != nil {
			return err
		}
		if i > 0 { // the first of all finds the runtime
			took = append(took, float64(d.Microseconds())/1000)
		}
		time.Sleep(restock)
	}
	slices.Sort(took)
	fmt.Printf("  %-8s p50 %6.1f   min %6.1f   max %6.1f\n", f.name, median(took), took[0], took[len(took)-1])
	return nil
}

const javaHandler = `import java.util.Map;

public class Hello {
    public Map<String, Object> handle(Map<String, Object> event) {
        return Map.of("statusCode", 200, "headers", Map.of("Content-Type", "application/json"),
            "body", "{\"message\": \"Hello, World!\", \"path\": \"" + event.get("path") + "\"}");
    }
}
`

// javaFunction compiles the function for Java, if there is a compiler.
func javaFunction(dir string) (function, error) {
	javac, err := exec.LookPath("javac")
	if err != nil {
		return function{}, errors.New("there is no javac")
	}
	source := filepath.Join(dir, "java")
	if err := os.MkdirAll(source, 0o755); err != nil {
		return function{}, err
	}
	file := filepath.Join(source, "Hello.java")
	if err := os.WriteFile(file, []byte(javaHandler), 0o644); err != nil {
		return function{}, err
	}
	if out, err := exec.Command(javac, "--release", "17", "-d", source, file).CombinedOutput(); err != nil {
		return function{}, fmt.Errorf("compile it: %w\n%s", err, out)
	}
	class, err := os.ReadFile(filepath.Join(source, "Hello.class"))
	return function{name: "java", runtime: "java17", handler: "Hello::handle", files: map[string]string{"Hello.class": string(class)}}, err
}
