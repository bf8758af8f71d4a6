package runtimes

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A package's links lead nowhere but into itself.
func TestPackagedFilesAreThePackagesOwn(t *testing.T) {
	host, task := t.TempDir(), t.TempDir()
	install(t, host+"/lib/a-1.jar", "")
	install(t, task+"/lib/a-1.jar", "")
	for link, to := range map[string]string{
		"lib/a-2.jar": "a-1.jar", "lib/a-3.jar": host + "/lib/a-1.jar", "lib/a-4.jar": "absent", "lib/a-5.jar": "../../" + filepath.Base(host) + "/lib/a-1.jar",
		"libs": host + "/lib", "inner": "lib",
	} {
		if err := os.Symlink(to, filepath.Join(task, link)); err != nil {
			t.Fatal(err)
		}
	}
	for pattern, want := range map[string][]string{
		"lib/a-[0-9]*.jar": {"lib/a-1.jar", "lib/a-2.jar"}, "inner/a-1.jar": {"inner/a-1.jar"}, "libs/*.jar": nil, "libs/a-1.jar": nil, "lib": nil, "../x": nil,
	} {
		if got := packaged(task, pattern); !slices.Equal(got, want) {
			t.Errorf("%s: %q, not %q", pattern, got, want)
		}
	}
	if hasPackaged("", "etc/passwd") || hasPackaged(task+"/absent", "lib") {
		t.Error("there is something in no package")
	}
}

// Nothing of the host's is taken for a part of a package by a link to it.
func TestPackagesThatLinkToTheHost(t *testing.T) {
	host, task := t.TempDir(), t.TempDir()
	for file, link := range map[string]string{
		"/debugpy/__main__.py":                                                       "debugpy",
		"/Amazon.Lambda.RuntimeSupport.dll":                                          "Amazon.Lambda.RuntimeSupport.dll",
		"/lib/aws-lambda-java-runtime-interface-client-2.0.0.jar":                    "lib",
		"/com/amazonaws/services/lambda/runtime/api/client/AWSLambda.class":          "com",
		"/aws-lambda-java-runtime-interface-client-2.0.0.jar/java/lib/something.jar": "java",
	} {
		install(t, host+file, "")
		if err := os.Symlink(filepath.Join(host, link), filepath.Join(task, link)); err != nil {
			t.Fatal(err)
		}
	}
	for name, launch := range map[string]func() error{
		"python": func() error {
			_, err := debugpy(&Runtime{Path: "/nowhere/bin/python3.12"}, &Launch{Task: task})
			return err
		},
		"dotnet": func() error {
			return launchDotNet(&Runtime{Path: "/nowhere/dotnet"}, &Launch{Task: task, Handler: "A::B::C"}, &Command{})
		},
		"java": func() error { _, _, err := javaClient(&Runtime{}, &Launch{Task: task, Opt: task}); return err },
	} {
		if launch() == nil {
			t.Errorf("%s: a file of the host's serves the function", name)
		}
	}
}

// Seen from .NET Core 3.1 beside ICU 72: it does not start.
func TestOldDotNetTakesNoNewICU(t *testing.T) {
	old, new := version{3, 1, 23}, version{8, 0, 1}
	for _, c := range []struct {
		files    []string
		old, new bool
	}{
		{nil, false, false},
		{[]string{"/usr/lib/x/libicuuc.so", "/usr/lib/x/libicuuc.so.72", "/usr/lib/x/libicuuc.so.72.1"}, false, true},
		{[]string{"/usr/lib/x/libicuuc.so.72", "/usr/lib/x/libicuuc.so.67"}, true, true},
		{[]string{"/usr/lib64/libicuuc.so.70.1"}, true, true},
	} {
		if old.takesICU(c.files) != c.old || new.takesICU(c.files) != c.new {
			t.Errorf("%q: %v, %v", c.files, old.takesICU(c.files), new.takesICU(c.files))
		}
	}
}
