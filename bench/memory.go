package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// measureMemory measures what an environment holds that has answered one request
// and waits: the memory that is its processes' alone.
func (b *bench) measureMemory(ctx context.Context) error {
	s, err := b.start(ctx, "memory", "--warm", "0")
	if err != nil {
		return err
	}
	defer s.stop()
	functions, err := b.functions()
	if err != nil {
		return err
	}
	fmt.Println("an idle environment after one request, Private_Dirty (MB; budget: Python 6, Node 15)")
	before := descendants(s.process.Process.Pid)
	for _, f := range functions {
		path, err := s.deploy(ctx, f, "memory-"+f.name)
		if err != nil {
			return err
		}
		if _, err := s.first(path); err != nil {
			return err
		}
		time.Sleep(2 * time.Second) // it freezes after one
		var function, rest float64
		after := descendants(s.process.Process.Pid)
		for _, pid := range after {
			if slices.Contains(before, pid) {
				continue
			}
			kB := field(os.DirFS("/proc"), strconv.Itoa(pid)+"/smaps_rollup", "Private_Dirty:")
			if mb := float64(kB) / 1024; mb > function {
				function, rest = mb, rest+function
			} else {
				rest += mb
			}
		}
		before = after
		fmt.Printf("  %-8s %5.1f   and %.1f of what keeps its sandbox\n", f.name, function, rest)
	}
	fmt.Println()
	return nil
}

// descendants are the processes that a process has started, and those that these
// have.
func descendants(root int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, stat := range stats {
		b, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended
		}
		// The name in parentheses may have spaces.
		fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if err != nil || len(fields) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(fields[1]); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	list := slices.Clone(children[root])
	for i := 0; i < len(list); i++ {
		list = append(list, children[list[i]]...)
	}
	return list
}
