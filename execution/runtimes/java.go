package runtimes

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

var java = language{
	family: Java, title: "Java", mend: "SDKMAN!", upwards: true,
	names:         []string{"java25", "java21", "java17", "java11", "java8.al2"},
	installations: (*search).javas,
	launch:        launchJava,
}

// javas finds JDKs and JREs by the release file that each of them has.
func (s *search) javas() (list []installation) {
	homes := s.glob(
		"$JAVA_HOME", "/usr/lib/jvm/*", "/usr/lib/jvm/*/jre", "/usr/java/*", "/opt/java/*", "/opt/jdk*", "/usr/local/openjdk-*",
		".sdkman/candidates/java/*", "$SDKMAN_DIR/candidates/java/*", ".jdks/*", ".jabba/jdk/*", ".local/share/coursier/jvm/*",
		".asdf/installs/java/*", "$ASDF_DATA_DIR/installs/java/*",
		".local/share/mise/installs/java/*", "$MISE_DATA_DIR/installs/java/*",
		"$RUNNER_TOOL_CACHE/Java_*/*/x64", "/opt/hostedtoolcache/Java_*/*/x64",
		"/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home", "/home/linuxbrew/.linuxbrew/opt/openjdk*/libexec",
		"/Library/Java/JavaVirtualMachines/*/Contents/Home",
	)
	for _, dir := range s.path {
		if real := resolve(filepath.Join(dir, "java")); real != "" {
			homes = append(homes, filepath.Dir(filepath.Dir(real)))
		}
	}
	for _, home := range homes {
		v, ok := javaVersion(filepath.Join(home, "release"))
		if !ok {
			continue
		}
		before := len(list)
		if list = add(list, filepath.Join(home, "bin/java"), v); len(list) == before {
			continue
		}
		// A JDK of 8 has its binary in a JRE below it.
		if real, err := filepath.EvalSymlinks(home); err == nil {
			list[before].shown = shown(real)
		}
	}
	return without(list, func(v version) bool { return v.major < 8 })
}

// javaVersion reads JAVA_VERSION="17.0.15" of a release file.
func javaVersion(path string) (version, bool) {
	f, err := os.Open(path)
	if err != nil {
		return version{}, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		value, ok := strings.CutPrefix(lines.Text(), "JAVA_VERSION=")
		if !ok {
			continue
		}
		// Before 9, a version was 1.8.0_392.
		value, old := strings.CutPrefix(strings.Trim(value, `"`), "1.")
		v, ok := parseVersion(value)
		if _, update, is := strings.Cut(value, "_"); old && is {
			v.patch, _ = strconv.Atoi(update)
		}
		return v, ok
	}
	return version{}, false
}

const javaMain = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda"

// launchJava starts AWS's runtime interface client, which loads the function's
// classes itself: from /var/task, /var/task/lib/*.jar and /opt/java/lib/*.jar.
//
// AWS: the serial collector and, since 17, the first compiler alone, "Customize
// Java runtime startup behavior" in the developer guide; the heap may grow to 85
// hundredths of the function's memory.
func launchJava(r *Runtime, l *Launch, c *Command) error {
	if l.MemoryMB > 0 {
		c.Args = append(c.Args, fmt.Sprintf("-XX:MaxHeapSize=%dk", l.MemoryMB*1024*85/100))
	}
	c.Args = append(c.Args, "-XX:+UseSerialGC")
	if r.asked.major >= 17 {
		c.Args = append(c.Args, "-XX:+TieredCompilation", "-XX:TieredStopAtLevel=1")
	}
	if r.found.major >= 9 {
		// Else the client cannot open its log, and prints each line of an event.
		c.Args = append(c.Args, "--add-opens=java.base/java.io=ALL-UNNAMED")
	}
	if r.found.major >= 24 {
		// The client has a library of its own, which newer JVMs warn of.
		c.Args = append(c.Args, "--enable-native-access=ALL-UNNAMED")
	}
	if l.DebugPort > 0 {
		c.Args = append(c.Args, fmt.Sprintf("-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,quiet=y,address=127.0.0.1:%d", l.DebugPort))
	}
	classes, dirs, err := javaClient(r, l)
	if err != nil {
		return err
	}
	c.Directories = append(c.Directories, dirs...)
	c.Args = append(c.Args, "-classpath", classes, javaMain, l.Handler)
	return nil
}

// javaJars are what the client consists of.
var javaJars = []string{"aws-lambda-java-runtime-interface-client", "aws-lambda-java-core", "aws-lambda-java-serialization"}

// javaClient returns the class path that has the client: of the function's
// package, of its layers, of the directory that lamgate was given, or of the
// local Maven repository; and the directories of this host that it leads to.
func javaClient(r *Runtime, l *Launch) (classes string, dirs []string, err error) {
	class := strings.ReplaceAll(javaMain, ".", "/") + ".class"
	if hasPackaged(l.Task, class) || hasPackaged(l.Task, "lib/"+javaJars[0]+jarVersion) {
		return "/var/task:/var/task/lib/*", nil, nil
	}
	if hasPackaged(l.Opt, "java/lib/"+javaJars[0]+jarVersion) {
		return "/opt/java/lib/*", nil, nil
	}
	for _, place := range r.javaPlaces {
		found := make([]string, 0, len(javaJars))
		for _, name := range javaJars {
			// A Maven repository has a directory for each version.
			found = append(found, newest(append(jar(place, name), jar(filepath.Join(place, name, "*"), name)...))...)
		}
		if len(found) < len(javaJars) {
			continue
		}
		for _, path := range found {
			if dir := filepath.Dir(path); !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
		return strings.Join(found, ":"), dirs, nil
	}
	return "", nil, errors.New("the runtime interface client for Java is not on this host. It is AWS's own: " +
		"add com.amazonaws:aws-lambda-java-runtime-interface-client to the function, or fetch it once with " +
		"mvn dependency:get -Dartifact=com.amazonaws:aws-lambda-java-runtime-interface-client:2.6.0")
}

// jarVersion is what follows the name of an archive, as a pattern.
const jarVersion = "-[0-9]*.jar"

// jar returns the archives of a name in a directory of this host's.
func jar(dir, name string) []string {
	list, _ := filepath.Glob(filepath.Join(dir, name+jarVersion))
	return slices.DeleteFunc(list, func(path string) bool {
		return strings.HasSuffix(path, "-sources.jar") || strings.HasSuffix(path, "-javadoc.jar")
	})
}

// newest returns the path with the greatest version in its name, if there is
// one at all.
func newest(paths []string) []string {
	if len(paths) == 0 {
		return nil
	}
	return []string{slices.MaxFunc(paths, func(a, b string) int {
		v, _ := parseVersion(filepath.Base(a))
		w, _ := parseVersion(filepath.Base(b))
		switch {
		case v.less(w):
			return -1
		case w.less(v):
			return 1
		}
		return cmp.Compare(a, b)
	})}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
