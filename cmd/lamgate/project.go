package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A project is a template on disk and the directory that its paths start from.
type project struct {
	template string
	dir      string
}

// templateNames are the names under which a directory's template is looked for,
// the first found wins. What sam build has built comes before its source.
var templateNames = []string{
	".aws-sam/build/template.yaml", "template.yaml", "template.yml", "template.json", "sam.yaml", "sam.yml", "cloudformation.yaml", "cloudformation.yml", "cloudformation.json",
}

// findProject finds the template that a path means: the file itself, or the one
// in a directory.
func findProject(path string) (*project, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: name a template, or the directory of one", path)
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return &project{path, filepath.Dir(path)}, nil
	}
	for _, name := range templateNames {
		file := filepath.Join(path, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return &project{file, filepath.Dir(file)}, nil
		}
	}
	return nil, fmt.Errorf("%s has no template: lamgate looks for %s", path, strings.Join(templateNames, ", "))
}

var notInStackName = regexp.MustCompile(`[^A-Za-z0-9]+`)

// stackName makes a stack's name of the project's place: the directory's name,
// and the file's if it is not the usual one.
func (p *project) stackName() string {
	dir := strings.TrimSuffix(p.dir, filepath.FromSlash("/.aws-sam/build"))
	name := filepath.Base(dir)
	if file := strings.TrimSuffix(filepath.Base(p.template), filepath.Ext(p.template)); file != "template" {
		name += "-" + file
	}
	name = strings.Trim(notInStackName.ReplaceAllString(name, "-"), "-")
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "stack-" + name
	}
	return strings.TrimSuffix(name[:min(len(name), 128)], "-")
}
