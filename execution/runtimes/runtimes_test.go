package runtimes

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution/bootstrap"
)

const elfMagic = "\x7fELF"

// install makes a file that looks like an interpreter.
func install(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// host is a host with nothing on it, in a directory.
func host(t *testing.T) (*Runtimes, string) {
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := New(Config{})
	r.host, r.javaPlaces = x86, nil
	r.search = search{home: home, root: home, path: []string{home + "/sys/bin"}, ask: func(string) (string, error) { return "", nil }}
	return r, home
}
func TestFindInterpreter(t *testing.T) {
	r, home := host(t)
	py311 := install(t, home+"/sys/bin/python3.11", elfMagic)
	py313 := install(t, home+"/.pyenv/versions/3.13.0/bin/python3.13", elfMagic)
	install(t, home+"/.pyenv/shims/python3.12", "#!/bin/sh\n")
	install(t, home+"/.pyenv/versions/3.5.10/bin/python3.5", elfMagic)
	node18 := install(t, home+"/.nvm/versions/node/v18.20.1/bin/node", elfMagic)
	node22 := install(t, home+"/sys/bin/node", elfMagic)
	install(t, home+"/.nvm/versions/node/v12.0.0/bin/node", elfMagic)
	os.Symlink(py311, home+"/sys/bin/python3")
	asked := 0
	r.search.path = []string{home + "/.pyenv/shims", home + "/sys/bin", home + "/sys/bin"}
	r.search.ask = func(path string) (string, error) { asked++; return map[string]string{node22: "v22.3.0"}[path], nil }
	for _, c := range []struct{ runtime, path, warning, err string }{
		{"python3.13", py313, "", ""},
		{"python3.14", py313, "Python 3.14 is not installed on this host: functions of python3.14 run with Python 3.13.0", ""},
		{"python3.12", py313, "Python 3.12 is not installed", ""},
		{"python3.7", py311, "Python 3.7 is not installed", ""},
		{"nodejs18.x", node18, "", ""},
		{"nodejs20.x", node22, "Node.js 20 is not installed on this host: functions of nodejs20.x run with Node.js 22.3.0", ""},
		{"nodejs24.x", node22, "Node.js 24", ""},
		{"nodejs12.x", node18, "Node.js 12", ""},
		{"provided.al2023", "", "", ""},
		{"provided", "", "", "build the function for provided.al2023"},
		{"go1.x", "", "", "build the function for provided.al2023"},
		{"python2.7", "", "", "does not run the runtime python2.7"},
		{"python3", "", "", "does not run the runtime python3"},
		{"java21", "", "", "Java is not installed on this host: install Java 21, in PATH or with SDKMAN!"},
		{"rust1.x", "", "", "does not run the runtime rust1.x"},
		{"", "", "", "container image"},
	} {
		i, warning, err := r.Find(t.Context(), c.runtime, "x86_64")
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v", c.runtime, err)
			}
			continue
		}
		if err != nil || i.Path != c.path || !strings.Contains(warning, c.warning) || c.warning == "" && warning != "" {
			t.Errorf("%s: %+v, %q, %v", c.runtime, i, warning, err)
		}
	}
	if asked != 1 {
		t.Errorf("a binary was run %d times to learn its version", asked)
	}
	if i, _, _ := r.Find(t.Context(), "python3.13", ""); !slices.Contains(i.Directories, home+"/.pyenv/versions/3.13.0") {
		t.Errorf("directories: %v", i.Directories)
	}
	os.Remove(py313)
	if i, _, _ := r.Find(t.Context(), "python3.13", ""); i.Path != py311 {
		t.Errorf("after the removal: %s", i.Path)
	}
	empty, _ := host(t)
	if _, err := empty.Warning("python3.13", ""); err == nil || !strings.Contains(err.Error(), "Python is not installed on this host: install Python 3.13") {
		t.Errorf("nothing installed: %v", err)
	}
}

// An interpreter that has not told its version, since the host is busy, is asked
// again when it is needed, and nobody is told that it is not there.
func TestInterpreterThatDoesNotAnswer(t *testing.T) {
	r, home := host(t)
	system := install(t, home+"/sys/bin/node", elfMagic)
	r.search.path = []string{home + "/sys/bin", home + "/sys/bin"}
	asked, answers := 0, false
	r.search.ask = func(path string) (string, error) {
		if asked++; !answers {
			return "", errors.New(path + " is busy")
		}
		return "v22.3.0", nil
	}
	if _, _, err := r.Find(t.Context(), "nodejs22.x", ""); err == nil || !strings.Contains(err.Error(), system+" is busy") || strings.Contains(err.Error(), "not installed") || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}

	node18 := install(t, home+"/.nvm/versions/node/v18.20.1/bin/node", elfMagic)
	for _, c := range []struct {
		runtime, path, warning string
		asked                  int // so far
	}{
		{"nodejs18.x", node18, "", 2},
		{"nodejs18.x", node18, "", 2},
		{"nodejs22.x", node18, "functions of nodejs22.x run with Node.js 18.20.1 (" + node18 + ") for now: " + system + " is busy", 3},
	} {
		i, warning, err := r.Find(t.Context(), c.runtime, "")
		if err != nil || i.Path != c.path || warning != c.warning || asked != c.asked {
			t.Errorf("%s, asked %d times: %+v, %q, %v", c.runtime, asked, i, warning, err)
		}
	}

	answers = true
	for range 2 {
		if i, warning, err := r.Find(t.Context(), "nodejs22.x", ""); err != nil || i.Path != system || warning != "" || asked != 4 {
			t.Errorf("asked %d times: %+v, %q, %v", asked, i, warning, err)
		}
	}
}

func TestAskVersion(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		limit  time.Duration
		told   string
		fails  bool
	}{
		"tells":                   {"echo v22.3.0", time.Minute, "v22.3.0", false},
		"does not know":           {"exit 1", time.Minute, "", false},
		"is killed":               {"kill -9 $$", time.Minute, "", true},
		"takes long":              {"exec sleep 1000", time.Millisecond, "", true},
		"leaves one that goes on": {"sleep 3 & echo v22.3.0", time.Minute, "v22.3.0", false},
	} {
		t.Run(name, func(t *testing.T) {
			path := install(t, t.TempDir()+"/node", "#!/bin/sh\n"+c.script+"\n")
			if told, err := ask(path, c.limit); told != c.told || (err != nil) != c.fails {
				t.Errorf("told %q, error %v", told, err)
			}
		})
	}
	if told, err := ask(install(t, t.TempDir()+"/node", elfMagic), time.Minute); told != "" || err != nil {
		t.Errorf("what cannot be run tells %q, error %v", told, err)
	}
}

// Version managers keep interpreters in directories of their own.
func TestVersionManagers(t *testing.T) {
	for path, want := range map[string]string{
		".local/share/uv/python/cpython-3.12.1-linux-x86_64-gnu/bin/python3.12": "python3.12 3.12.1",
		".local/share/mise/installs/python/3.10.4/bin/python3.10":               "python3.10 3.10.4",
		"opt/hostedtoolcache/Python/3.9.18/x64/bin/python3.9":                   "python3.9 3.9.18",
		".local/share/fnm/node-versions/v22.1.0/installation/bin/node":          "nodejs22.x 22.1.0",
		"opt/hostedtoolcache/node/20.11.0/x64/bin/node":                         "nodejs20.x 20.11.0",
		"nvm-elsewhere/versions/node/v24.0.1/bin/node":                          "nodejs24.x 24.0.1",
		".rbenv/versions/3.3.0/bin/ruby":                                        "ruby3.3 3.3.0",
		".rvm/rubies/ruby-3.4.1/bin/ruby":                                       "ruby3.4 3.4.1",
	} {
		r, home := host(t)
		r.search.env = func(name string) string { return map[string]string{"NVM_DIR": home + "/nvm-elsewhere"}[name] }
		real := install(t, filepath.Join(home, path), elfMagic)
		name, version, _ := strings.Cut(want, " ")
		i, warning, err := r.Find(t.Context(), name, "")
		if err != nil || i.Path != real || i.Version != version || warning != "" {
			t.Errorf("%s: %+v, %q, %v", path, i, warning, err)
		}
	}
}

func TestJava(t *testing.T) {
	r, home := host(t)
	jdk := func(dir, version string) string {
		install(t, filepath.Join(home, dir, "release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\""+version+"\"\n")
		return install(t, filepath.Join(home, dir, "bin/java"), elfMagic)
	}
	java8, java17 := jdk("usr/lib/jvm/java-8-openjdk", "1.8.0_392"), jdk(".sdkman/candidates/java/17.0.9-tem", "17.0.9")
	os.Symlink("17.0.9-tem", home+"/.sdkman/candidates/java/current")
	for _, c := range []struct{ runtime, path, version, warning, err string }{
		{"java8.al2", java8, "8.0.392", "", ""},
		{"java8", java8, "8.0.392", "", ""},
		{"java17", java17, "17.0.9", "", ""},
		// A newer one runs what was compiled for an older one, and not the reverse.
		{"java11", java17, "17.0.9", "Java 11 is not installed on this host: functions of java11 run with Java 17.0.9", ""},
		{"java21", "", "", "", "Java 21 is not installed on this host, nor any newer one (there is 8.0.392, 17.0.9)"},
	} {
		i, warning, err := r.Find(t.Context(), c.runtime, "")
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", c.runtime, err)
			}
		case err != nil || i.Path != c.path || i.Version != c.version || !strings.HasPrefix(warning, c.warning) || c.warning == "" && warning != "":
			t.Errorf("%s: %+v, %q, %v", c.runtime, i, warning, err)
		}
	}

	i, _, err := r.Find(t.Context(), "java17", "")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(i.Directories, []string{home + "/.sdkman/candidates/java/17.0.9-tem"}) {
		t.Errorf("directories: %v", i.Directories)
	}
	task := home + "/task"
	launch := Launch{Handler: "a.B::c", MemoryMB: 512, Task: task}
	if _, err := i.Command(launch); err == nil || !strings.Contains(err.Error(), "aws-lambda-java-runtime-interface-client:2.6.0") {
		t.Errorf("without AWS's client: %v", err)
	}
	i.javaPlaces = []string{home + "/m2"}
	core := install(t, home+"/m2/aws-lambda-java-core/1.2.3/aws-lambda-java-core-1.2.3.jar", "")
	install(t, home+"/m2/aws-lambda-java-core/1.2.3/aws-lambda-java-core-1.2.3-sources.jar", "")
	install(t, home+"/m2/aws-lambda-java-runtime-interface-client/2.4.1/aws-lambda-java-runtime-interface-client-2.4.1.jar", "")
	ric := install(t, home+"/m2/aws-lambda-java-runtime-interface-client/2.10.0/aws-lambda-java-runtime-interface-client-2.10.0.jar", "")
	if _, err := i.Command(launch); err == nil {
		t.Error("a part of AWS's client was taken for the whole")
	}
	json := install(t, home+"/m2/aws-lambda-java-serialization/1.1.2/aws-lambda-java-serialization-1.1.2.jar", "")
	c, err := i.Command(launch)
	want := []string{
		java17, "-XX:MaxHeapSize=445644k", "-XX:+UseSerialGC", "-XX:+TieredCompilation", "-XX:TieredStopAtLevel=1",
		"--add-opens=java.base/java.io=ALL-UNNAMED", "-classpath", ric + ":" + core + ":" + json, javaMain, "a.B::c",
	}
	if err != nil || !slices.Equal(c.Args, want) {
		t.Errorf("%v, %v", c, err)
	}
	for _, jar := range []string{core, ric, json} {
		if !slices.Contains(c.Directories, filepath.Dir(jar)) {
			t.Errorf("%s is not shown: %v", jar, c.Directories)
		}
	}
	install(t, task+"/lib/aws-lambda-java-runtime-interface-client-2.0.0.jar", "")
	c, err = i.Command(launch)
	if err != nil || !slices.Contains(c.Args, "/var/task:/var/task/lib/*") || len(c.Directories) != 1 {
		t.Errorf("with the client in the package: %v, %v", c, err)
	}
}

func TestDotNet(t *testing.T) {
	r, home := host(t)
	dotnet := install(t, home+"/usr/share/dotnet/dotnet", elfMagic)
	for _, v := range []string{"6.0.36", "8.0.11"} {
		os.MkdirAll(home+"/usr/share/dotnet/shared/Microsoft.NETCore.App/"+v, 0o755)
	}
	i, warning, err := r.Find(t.Context(), "dotnet8", "")
	if err != nil || i.Path != dotnet || i.Version != "8.0.11" || warning != "" {
		t.Fatalf("%+v, %q, %v", i, warning, err)
	}
	task := t.TempDir()
	if c, err := i.Command(Launch{Handler: "App", Task: task}); err != nil || !slices.Equal(c.Args, []string{dotnet, "/var/task/App.dll"}) {
		t.Errorf("a program: %v, %v", c, err)
	}
	library := Launch{Handler: "App::App.Function::Handle", Task: task}
	if _, err := i.Command(library); err == nil || !strings.Contains(err.Error(), "dotnet add package Amazon.Lambda.RuntimeSupport") {
		t.Errorf("a library without the runtime support: %v", err)
	}
	install(t, task+"/Amazon.Lambda.RuntimeSupport.dll", "")
	if c, err := i.Command(library); err != nil || c.Args[len(c.Args)-1] != "App::App.Function::Handle" || !slices.Contains(c.Args, "/var/task/App.deps.json") {
		t.Errorf("a library: %v, %v", c, err)
	}
	if _, err := i.Command(Launch{Handler: "../x", Task: task}); err == nil {
		t.Error("a handler names a path")
	}
	if _, err := r.Warning("dotnet10", ""); err == nil || !strings.Contains(err.Error(), ".NET 10 is not installed on this host, nor any newer") {
		t.Errorf("dotnet10: %v", err)
	}
	if i, warning, err := r.Find(t.Context(), "dotnetcore3.1", ""); err != nil || i.Version != "6.0.36" || warning == "" {
		t.Errorf("dotnetcore3.1: %+v, %v", i, err)
	} else if c, _ := i.Command(Launch{Handler: "App"}); !slices.Contains(c.Env, "DOTNET_ROLL_FORWARD=LatestMajor") {
		t.Errorf("does not run on a newer one: %v", c.Env)
	}
}

func TestCommands(t *testing.T) {
	r, home := host(t)
	r.clients, r.bytecodes.clients = home+"/clients", ""
	for _, l := range languages {
		if l.client != "" {
			install(t, filepath.Join(r.clients, l.client), "")
		}
	}
	python := install(t, home+"/.pyenv/versions/3.12.1/bin/python3.12", elfMagic)
	node := install(t, home+"/.nvm/versions/node/v22.1.0/bin/node", elfMagic)
	newer := install(t, home+"/.nvm/versions/node/v24.21.0/bin/node", elfMagic)
	ruby := install(t, home+"/.rbenv/versions/3.2.2/bin/ruby", elfMagic)
	debugger := filepath.Dir(install(t, home+"/.pyenv/versions/3.12.1/lib/python3.12/site-packages/debugpy/__main__.py", ""))
	if i, _, err := r.Find(t.Context(), "ruby3.2", ""); err != nil {
		t.Error(err)
	} else if _, err := i.Command(Launch{DebugPort: 1}); err == nil || !strings.Contains(err.Error(), filepath.Dir(ruby)+"/gem install debug") {
		t.Errorf("without a debugger: %v", err)
	}
	install(t, home+"/.rbenv/versions/3.2.2/lib/ruby/gems/3.2.0/gems/debug-1.7.1/lib/debug/open_nonstop.rb", "")
	for name, c := range map[string]struct {
		runtime string
		launch  Launch
		args    []string
		env     string
	}{
		"python":                          {"python3.12", Launch{MemoryMB: 128}, []string{python, "-B", "-S", r.clients + "/python/bootstrap.py", "/opt"}, ""},
		"python debugged":                 {"python3.12", Launch{DebugPort: 5678}, []string{python, "-B", "-S", "-Xfrozen_modules=off", debugger, "--listen", "127.0.0.1:5678", r.clients + "/python/bootstrap.py", "/opt"}, ""},
		"node":                            {"nodejs22.x", Launch{MemoryMB: 1000}, []string{node, "--expose-gc", "--max-http-header-size=81920", "--max-semi-space-size=50", "--max-old-space-size=900", r.clients + "/node/bootstrap.cjs"}, "NODE_PATH=/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"},
		"node before it knows its memory": {"nodejs22.x", Launch{}, []string{node, "--expose-gc", "--max-http-header-size=81920", r.clients + "/node/bootstrap.cjs"}, ""},
		"node debugged":                   {"nodejs22.x", Launch{DebugPort: 9229}, []string{node, "--expose-gc", "--max-http-header-size=81920", "--inspect=127.0.0.1:9229", r.clients + "/node/bootstrap.cjs"}, ""},
		"node of another version":         {"nodejs20.x", Launch{}, []string{node, "--expose-gc", "--max-http-header-size=81920", r.clients + "/node/bootstrap.cjs"}, "NODE_PATH=/opt/nodejs/node20/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"},
		"node that does more":             {"nodejs24.x", Launch{}, []string{newer, "--expose-gc", "--max-http-header-size=81920", "--no-experimental-require-module", "--no-experimental-detect-module", r.clients + "/node/bootstrap.cjs"}, ""},
		"node that is to do more":         {"nodejs24.x", Launch{NodeOptions: "--experimental-require-module"}, []string{newer, "--expose-gc", "--max-http-header-size=81920", "--no-experimental-detect-module", r.clients + "/node/bootstrap.cjs"}, ""},
		"ruby":                            {"ruby3.2", Launch{}, []string{ruby, r.clients + "/ruby/bootstrap.rb"}, "GEM_PATH=/var/task/vendor/bundle/ruby/3.2.0:/opt/ruby/gems/3.2.0"},
		"ruby debugged":                   {"ruby3.2", Launch{DebugPort: 1}, []string{ruby, "-rdebug/open_nonstop", r.clients + "/ruby/bootstrap.rb"}, "RUBY_DEBUG_PORT=1"},
		"ruby of another version":         {"ruby3.3", Launch{}, []string{ruby, r.clients + "/ruby/bootstrap.rb"}, "GEM_PATH=/var/task/vendor/bundle/ruby/3.3.0:/opt/ruby/gems/3.3.0:/var/task/vendor/bundle/ruby/3.2.0:/opt/ruby/gems/3.2.0"},
	} {
		i, _, err := r.Find(t.Context(), c.runtime, "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		command, err := i.Command(c.launch)
		if err != nil || !slices.Equal(command.Args, c.args) || c.env != "" && !slices.Contains(command.Env, c.env) {
			t.Errorf("%s: %v, %v", name, command, err)
		}
		if !i.Own || !slices.Contains(command.Directories, r.clients) {
			t.Errorf("%s: the client is not shown: %v", name, command.Directories)
		}
	}
	r.Close()
}

func TestProvided(t *testing.T) {
	r, _ := host(t)
	i, _, err := r.Find(t.Context(), "provided.al2023", "x86_64")
	if err != nil {
		t.Fatal(err)
	}
	elf := func(machine byte) string {
		header := make([]byte, 64)
		copy(header, elfMagic+"\x02\x01\x01")
		header[16], header[18], header[20], header[52], header[54] = 2, machine, 1, 64, 56
		return string(header)
	}
	const x86Machine, armMachine = 62, 183
	for name, c := range map[string]struct {
		task, opt string
		want      string
		err, hint string
	}{
		"in the package":    {task: elf(x86Machine), want: "/var/task/bootstrap"},
		"a script":          {task: "#!/bin/sh\n", want: "/var/task/bootstrap"},
		"in a layer":        {opt: elf(x86Machine), want: "/opt/bootstrap"},
		"in both":           {task: elf(x86Machine), opt: elf(armMachine), want: "/var/task/bootstrap"},
		"nowhere":           {err: "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"},
		"another processor": {task: elf(armMachine), err: "fork/exec /var/task/bootstrap: exec format error", hint: "it is built for arm64, and this host is x86_64: build it for x86_64 (Go: GOARCH=amd64)"},
	} {
		if emulated(arm) && name == "another processor" {
			continue
		}
		dir := t.TempDir()
		l := Launch{Task: dir + "/task", Opt: dir + "/opt"}
		for dir, content := range map[string]string{l.Task: c.task, l.Opt: c.opt} {
			os.Mkdir(dir, 0o755)
			if content != "" {
				install(t, dir+"/bootstrap", content)
			}
		}
		command, err := i.Command(l)
		if c.err == "" {
			if err != nil || !slices.Equal(command.Args, []string{c.want}) {
				t.Errorf("%s: %v, %v", name, command, err)
			}
			continue
		}
		e, ok := errors.AsType[*EntrypointError](err)
		if !ok || e.Message != c.err || !strings.HasPrefix(e.Hint, c.hint) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A bootstrap may be a link within its package, or to a layer. Whether there is
// what lies elsewhere is for the sandbox to find: nothing is told of the host, be
// it there or not.
func TestBootstrapsThatAreLinks(t *testing.T) {
	r, _ := host(t)
	i, _, err := r.Find(t.Context(), "provided.al2023", "x86_64")
	if err != nil {
		t.Fatal(err)
	}
	outer := t.TempDir()
	install(t, outer+"/of the host", "#!/bin/sh\n")
	for name, c := range map[string]struct {
		target string
		valid  bool
	}{
		"inside": {"bin/app", true}, "absolute inside": {"/var/task/bin/app", true}, "nowhere": {"none", false},
		"in a layer": {"/opt/bin/app", true}, "nowhere in a layer": {"/opt/none", false},
		"outside": {"bin/../../of the host", true}, "absolute": {outer + "/of the host", true}, "nowhere outside": {"../none", true},
	} {
		task := filepath.Join(outer, name)
		install(t, task+"/bin/app", "#!/bin/sh\n")
		if err := os.Symlink(c.target, task+"/bootstrap"); err != nil {
			t.Fatal(err)
		}
		if _, err := i.Command(Launch{Task: task, Opt: task}); (err == nil) != c.valid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestArchitectures(t *testing.T) {
	r, home := host(t)
	install(t, home+"/sys/bin/python3.11", elfMagic)
	if w, err := r.Warning("python3.11", "arm64"); err != nil || !strings.Contains(w, "the function is for arm64 and runs on this host's x86_64") {
		t.Errorf("%q, %v", w, err)
	}
	if w, err := r.Warning("provided.al2023", "arm64"); !emulated(arm) && (err != nil || !strings.Contains(w, "programs for arm64 do not run on this host")) {
		t.Errorf("%q, %v", w, err)
	}
	if w, err := r.Warning("provided.al2023", "x86_64"); err != nil || w != "" {
		t.Errorf("%q, %v", w, err)
	}
	if err := r.CanRun("x86_64"); err != nil {
		t.Error(err)
	}
	if err := r.CanRun("arm64"); !emulated(arm) && (err == nil || !strings.Contains(err.Error(), "deploy it with Architectures [x86_64]")) {
		t.Error(err)
	}
}

func TestStemmable(t *testing.T) {
	python := &Runtime{Family: Python, Own: true}
	for name, want := range map[string]bool{
		"": true, "TABLE": true, "TZ": true, "NODE_ENV": true, "PATH": true,
		"NODE_OPTIONS": false, "PYTHONPATH": false, "LD_PRELOAD": false, "LANG": false, "LC_ALL": false, "AWS_LAMBDA_EXEC_WRAPPER": false, "MALLOC_ARENA_MAX": false, "RUBYOPT": false, "GEM_PATH": false,
	} {
		if python.Stemmable(map[string]string{name: "x"}) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
	for _, r := range []*Runtime{{Family: Provided}, {Family: Java}, {Family: Python, Root: "/image"}} {
		if r.Stemmable(nil) {
			t.Errorf("%+v can be started early", r)
		}
	}
}

func TestList(t *testing.T) {
	r, home := host(t)
	r.images["python3.14"] = &fromImage{reference: "registry/python:3.14"}
	install(t, home+"/sys/bin/python3.11", elfMagic)
	byName := map[string]Listed{}
	for _, l := range r.List() {
		byName[l.Name] = l
	}
	for name, want := range map[string]Listed{
		"python3.14":      {Name: "python3.14", Origin: "image", Path: "registry/python:3.14"},
		"python3.11":      {Name: "python3.11", Origin: "host", Version: "3.11", Path: home + "/sys/bin/python3.11"},
		"provided.al2023": {Name: "provided.al2023", Origin: "package"},
	} {
		if got := byName[name]; got != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if l := byName["python3.12"]; l.Origin != "host" || l.Warning == "" {
		t.Errorf("python3.12: %+v", l)
	}
	if l := byName["java21"]; l.Origin != "" || l.Err == nil {
		t.Errorf("java21: %+v", l)
	}
}

func TestParseVersion(t *testing.T) {
	for s, want := range map[string]string{"3.13": "3.13", "v20.9.0": "20.9.0", "cpython-3.12.1-linux-x86_64-gnu": "3.12.1", "python3.11": "3.11", "3.13.0a1": "3.13.0"} {
		if v, ok := parseVersion(s); !ok || v.String() != want {
			t.Errorf("%s is %s", s, v)
		}
	}
	if _, ok := parseVersion("system"); ok {
		t.Error("a name without a version has one")
	}
}

// Once it is compiled, an interpreter starts the client as bytecode.
func TestPythonStartsFromBytecode(t *testing.T) {
	clients, err := bootstrap.Install(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := New(Config{Clients: clients})
	installed := r.Installed()
	i := slices.IndexFunc(installed, func(i [2]string) bool { return strings.HasPrefix(i[0], "python") })
	if i < 0 {
		t.Skip("Python is not installed")
	}
	client := func() string {
		p, _, err := r.Find(t.Context(), installed[i][0], "")
		if err != nil {
			t.Fatal(err)
		}
		c, err := p.Command(Launch{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(c.Env, "PYTHONPATH=/var/runtime") {
			t.Errorf("a function has %q", c.Env)
		}
		return c.Args[len(c.Args)-2]
	}
	if path := client(); !strings.HasSuffix(path, "/bootstrap.py") {
		t.Errorf("before: %s", path)
	}
	r.Close()
	if path := client(); !strings.HasSuffix(path, ".pyc") || !exists(path) {
		t.Errorf("after: %s", path)
	}
}
