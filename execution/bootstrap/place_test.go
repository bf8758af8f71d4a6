package bootstrap

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// Wherever the host keeps the clients: what functions and their callers see of
// them is at /var/runtime, as Lambda's are.
func TestNodeClientIsAtVarRuntime(t *testing.T) {
	eachNode(t, func(t *testing.T, runtime, node string) {
		for name, c := range map[string]struct {
			code string
			want []string
		}{
			"stack":             {"exports.handler = async (e) => { throw new Error(process.argv[1]) }", []string{`"errorMessage":"/var/runtime/index.mjs"`, "(file:///var/runtime/index.mjs:"}},
			"stack of a stream": {"exports.handler = awslambda.streamifyResponse(async () => { throw new Error('no') })", []string{"file:///var/runtime/index.mjs:"}},
			"module not found":  {"require('./absent')", []string{`Require stack:\n- /var/task/index.js\n- /var/runtime/index.mjs"`, "(file:///var/runtime/index.mjs:"}},
			"with source maps":  {"process.setSourceMapsEnabled(true)\nexports.handler = async () => { throw new Error('no') }", []string{"(file:///var/runtime/index.mjs:"}},
		} {
			t.Run(name, func(t *testing.T) {
				p := newPlatform(t)
				f := function{map[string]string{"index.js": c.code}, "index.handler", nil}
				env := f.environment(t, p, runtime)
				client := startNode(t, p, node, env)
				if name != "module not found" {
					client.send("1", nil)
				}
				body := strings.ReplaceAll(client.hear().body, env["LAMBDA_TASK_ROOT"], "/var/task")
				for _, want := range c.want {
					if !strings.Contains(body, want) {
						t.Errorf("there is no %s in %s", want, body)
					}
				}
				if dir := installed(t); strings.Contains(body, dir) || strings.Contains(client.log.String(), dir) {
					t.Errorf("%s is told:\n%s\n%s", dir, body, client.log.String())
				}
			})
		}
	})
}

func TestPythonClientIsAtVarRuntime(t *testing.T) {
	for _, python := range slices.Sorted(maps.Keys(installedPythons())) {
		t.Run(python, func(t *testing.T) {
			p := newPlatform(t)
			f := function{map[string]string{"app.py": "import sys, traceback\ndef handler(e, c): return sys.argv + traceback.format_stack()\n"}, "app.handler", nil}
			c := startPython(t, p, installedPythons()[python], f.environment(t, p, python))
			c.send("1", nil)
			if body := c.hear().body; !strings.HasPrefix(body, `["/var/runtime/bootstrap.py", "  File \"/var/runtime/bootstrap.py\", line `) || strings.Contains(body, installed(t)) {
				t.Error(body)
			}
		})
	}
}
