// Package lamgate_test holds the tests of the house as a whole: which package
// may import which.
package lamgate_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/lamgate/lamgate/"

// floors are the packages from the roof to the ground. A package imports only
// from lower floors, and from its own where sameFloor allows it.
var floors = []string{
	"cmd/lamgate",
	"server",
	"console",
	"control",
	"gateway",
	"execution",
	"telemetry",
	"policy",
	"state",
	"wire",
	"api",
	"aws",
}

// outside are packages that no floor may import and that may import any.
var outside = []string{"bench", "conformance", "examples", "api/generate"}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func under(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

// floor returns the index of a package's floor; -1 if it stands outside.
func floor(name string) (int, bool) {
	for _, o := range outside {
		if under(name, o) {
			return -1, true
		}
	}
	for i, f := range floors {
		if under(name, f) {
			return i, true
		}
	}
	return 0, false
}

// sameFloor reports whether importer may import another package of its floor.
func sameFloor(importer, imported string) bool {
	if under(importer, "control") {
		// Services do not import each other; the parts of one do.
		service := strings.Join(strings.SplitN(importer, "/", 3)[:2], "/")
		return under(imported, service)
	}
	if under(importer, "api") {
		// The services' packages use the words of api, never the reverse.
		return imported == "api"
	}
	if under(importer, "execution") {
		return order(importer, executionOrder...) < order(imported, executionOrder...)
	}
	if under(importer, "gateway") {
		return order(importer, gatewayOrder...) < order(imported, gatewayOrder...)
	}
	return true
}

// executionOrder are the packages of the execution plane from its roof down.
var executionOrder = []string{
	"execution/invoke", "execution/destination", "execution/environment", "execution/runtimeapi", "execution/runtimes",
	"execution/bootstrap", "execution/image", "execution/code", "execution/disk", "execution/sandbox", "execution/network", "execution",
}

// gatewayOrder are the packages of the data plane from its roof down.
var gatewayOrder = []string{
	"gateway/rest", "gateway/url", "gateway/plan", "gateway/relay", "gateway/front", "gateway/endpoint",
	"gateway/vtl", "gateway/jsonpath", "gateway/pattern", "gateway/value", "gateway/trace", "gateway/jsontext", "gateway",
}

func order(name string, list ...string) int {
	for i, l := range list {
		if under(name, l) {
			return i
		}
	}
	return len(list)
}

func TestImportsGoDown(t *testing.T) {
	for _, p := range packages(t) {
		importer, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours || strings.HasSuffix(importer, "test") {
			continue
		}
		from, known := floor(importer)
		if !known {
			t.Errorf("%s stands on no floor: add it to the list, or move it", importer)
			continue
		}
		for _, path := range p.Imports {
			imported, ours := strings.CutPrefix(path, module)
			if !ours || from < 0 {
				continue
			}
			to, _ := floor(imported)
			switch {
			case to < 0:
				t.Errorf("%s imports %s, which stands outside the house", importer, imported)
			case to < from:
				t.Errorf("%s imports %s, which is a floor above it", importer, imported)
			case to == from && !sameFloor(importer, imported):
				t.Errorf("%s imports %s: they are neighbours and meet through interfaces", importer, imported)
			}
		}
	}
}

func TestNoPackageIsNamedAfterNothing(t *testing.T) {
	for _, p := range packages(t) {
		for _, word := range []string{"pkg", "util", "utils", "common", "helper", "helpers", "manager", "impl", "types"} {
			if strings.HasSuffix(p.ImportPath, "/"+word) {
				t.Errorf("%s: name it after what is in it", p.ImportPath)
			}
		}
	}
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}
