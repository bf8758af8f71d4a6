package main

import (
	"maps"
	"strings"
	"testing"
)

func TestParseDebug(t *testing.T) {
	for _, c := range []struct {
		list []string
		want map[string]int
		err  string
	}{
		{nil, map[string]int{}, ""},
		{[]string{"Hello"}, map[string]int{"Hello": 9229}, ""},
		{[]string{"a", "b=9230", "c", "d=9229"}, map[string]int{"a": 9231, "b": 9230, "c": 9232, "d": 9229}, ""},
		{[]string{"a b"}, nil, "--debug a b does not begin with a function's name, as in NAME or NAME=PORT"},
		{[]string{"a", "a=1"}, nil, "--debug names a twice"},
		{[]string{"a=x"}, nil, `--debug a: "x" is no port`},
		{[]string{"a=70000"}, nil, `--debug a: "70000" is no port`},
		{[]string{"a=5678", "b=5678"}, nil, "--debug gives a and b the same port"},
	} {
		got, err := parseDebug(c.list)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if said != c.err || !maps.Equal(got, c.want) {
			t.Errorf("%q: %v, %s", c.list, got, said)
		}
	}
}

func TestDebuggersByRuntime(t *testing.T) {
	for runtime, want := range map[string]string{
		"nodejs22.x": "Node.js", "python3.13": "debugpy", "java21": "JDWP", "ruby3.4": "rdbg", "provided.al2023": "Delve",
	} {
		if got := debugger(runtime); !strings.Contains(got, want) {
			t.Errorf("of %s it is %s", runtime, got)
		}
	}
}
