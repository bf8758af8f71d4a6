package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"
)

// A call in a table would run at every start of the server, and make the
// compiler build the whole table then instead of laying it out.
func TestTablesAreStatic(t *testing.T) {
	files, err := filepath.Glob("../*/tables.go")
	if err != nil || len(files) < 7 {
		t.Fatalf("tables = %v, %v", files, err)
	}
	for _, name := range files {
		if filepath.Dir(name) == "../generate" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.CallExpr, *ast.FuncDecl:
				t.Errorf("%s: %T outside a function literal", name, n)
			}
			return true
		})
	}
}

// What is committed is what the generator writes.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	version, wanted, err := parseServices(services)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("../..")
	wheel := filepath.Join(cache, "botocore-"+version+"-py3-none-any.whl")
	if _, err := os.Stat(wheel); err != nil {
		t.Skip("botocore is not here; bring it with: go run ./api/generate -fetch")
	}
	for _, w := range wanted {
		s, err := read(wheel, w)
		if err != nil {
			t.Fatal(err)
		}
		want, err := s.files(version)
		if err != nil {
			t.Fatal(err)
		}
		for file, text := range want {
			got, err := os.ReadFile(filepath.Join("api", s.pkg, file))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(text) {
				t.Errorf("api/%s/%s is out of date: go run ./api/generate", s.pkg, file)
			}
		}
	}
}
