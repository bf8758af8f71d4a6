package runtimes

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

var dotnet = language{
	family: DotNet, title: ".NET", mend: "dotnet-install.sh", upwards: true,
	names:         []string{"dotnet10", "dotnet8", "dotnet6"},
	installations: (*search).dotnets,
	launch:        launchDotNet,
}

// dotnets finds the runtimes of each dotnet by the directories that it keeps
// them in.
func (s *search) dotnets() (list []installation) {
	roots := s.glob("$DOTNET_ROOT", ".dotnet", "/usr/share/dotnet", "/usr/lib/dotnet", "/usr/lib64/dotnet", "/usr/local/share/dotnet", "/opt/dotnet",
		".asdf/installs/dotnet*/*", ".local/share/mise/installs/dotnet*/*", "/home/linuxbrew/.linuxbrew/opt/dotnet*/libexec")
	for _, dir := range s.path {
		if real := resolve(filepath.Join(dir, "dotnet")); real != "" {
			roots = append(roots, filepath.Dir(real))
		}
	}
	for _, root := range roots {
		found, _ := filepath.Glob(filepath.Join(root, "shared/Microsoft.NETCore.App/*"))
		for _, dir := range found {
			v, ok := parseVersion(filepath.Base(dir))
			before := len(list)
			if !ok {
				continue
			}
			if list = add(list, filepath.Join(root, "dotnet"), v); len(list) > before {
				list[before].shown = shown(filepath.Dir(list[before].path))
			}
		}
	}
	return list
}

// launchDotNet starts the function's assembly, if it is a program, or the
// runtime support that the package has, with the assembly to load.
//
// AWS: the handler is ASSEMBLY for a program, and ASSEMBLY::TYPE::METHOD.
func launchDotNet(r *Runtime, l *Launch, c *Command) error {
	if l.DebugPort > 0 {
		return errors.New("lamgate has no debugger for .NET: attach one to the process")
	}
	assembly, _, library := strings.Cut(l.Handler, "::")
	if assembly == "" || strings.ContainsAny(assembly, "/\x00") {
		return fmt.Errorf("the handler %q names no assembly", l.Handler)
	}
	inside := func(name string) string { return "/var/task/" + name }
	switch {
	case !library:
		c.Args = append(c.Args, inside(assembly+".dll"))
	case hasPackaged(l.Task, "Amazon.Lambda.RuntimeSupport.dll"):
		c.Args = append(c.Args, "exec", "--depsfile", inside(assembly+".deps.json"), "--runtimeconfig", inside(assembly+".runtimeconfig.json"),
			inside("Amazon.Lambda.RuntimeSupport.dll"), l.Handler)
	default:
		return errors.New("AWS's runtime support for .NET is not in the function's package: dotnet add package Amazon.Lambda.RuntimeSupport, and publish it again")
	}
	c.set("DOTNET_ROOT", filepath.Dir(r.Path))
	c.set("DOTNET_CLI_TELEMETRY_OPTOUT", "1")
	if r.found.major != r.asked.major {
		c.set("DOTNET_ROLL_FORWARD", "LatestMajor")
	}
	if !hasPackaged(l.Task, "libicuuc.so") && !r.found.takesICU(icu()) {
		// Without the library a program does not even start.
		c.set("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
	}
	return nil
}

// newestICU is the last version of that library that .NET Core 3.1 looks for. A
// .NET takes every one that there may be.
const newestICU = 70

// takesICU reports whether a .NET takes one of the files.
func (v version) takesICU(files []string) bool {
	return slices.ContainsFunc(files, func(path string) bool {
		library, ok := parseVersion(strings.TrimPrefix(filepath.Base(path), "libicuuc.so"))
		return v.major >= 5 || ok && library.major <= newestICU
	})
}

// icu returns the files of the library that .NET compares and formats text with.
func icu() (found []string) {
	for _, pattern := range []string{"/usr/lib/*/libicuuc.so*", "/usr/lib64/libicuuc.so*", "/usr/lib/libicuuc.so*"} {
		list, _ := filepath.Glob(pattern)
		found = append(found, list...)
	}
	return found
}
