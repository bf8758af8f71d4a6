package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/lamgate/lamgate/api/generate/botocore"
)

// cache is where archives are kept, out of the tree.
const cache = ".cache/botocore"

// fetchWheel returns the path of botocore's wheel, having fetched it if need be.
func fetchWheel(version string) (string, error) {
	file := filepath.Join(cache, "botocore-"+version+"-py3-none-any.whl")
	return file, pip(file, "--only-binary", ":all:", "botocore=="+version)
}

// fetchProtocolTests unpacks the protocol test cases of botocore's own suite,
// which only its source archive has, to protocol-tests in the cache.
func fetchProtocolTests(version string) error {
	file := filepath.Join(cache, "botocore-"+version+".tar.gz")
	if err := pip(file, "--no-binary", ":all:", "botocore=="+version); err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	archive := tar.NewReader(unzipped)
	found := 0
	for {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		_, rest, ok := strings.Cut(entry.Name, "/tests/unit/protocols/")
		if !ok || path.Ext(rest) != ".json" || !filepath.IsLocal(rest) {
			continue
		}
		to := filepath.Join(cache, "protocol-tests", filepath.FromSlash(rest))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return err
		}
		found++
	}
	if found == 0 {
		return fmt.Errorf("%s has no protocol test cases", file)
	}
	return nil
}

// pip makes sure that file is in the cache by downloading what args name.
func pip(file string, args ...string) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	cmd := exec.Command("python3", append([]string{"-m", "pip", "download", "--quiet", "--no-deps", "--dest", cache}, args...)...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("pip download: %w", err)
	}
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("pip did not bring what was asked for: %w", err)
	}
	return nil
}

// readModel returns the newest model of a service as it stands in the wheel.
func readModel(wheel, name string) (*botocore.Model, error) {
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	var newest *zip.File
	for _, f := range archive.File {
		ok, err := path.Match("botocore/data/"+name+"/*/service-2.json.gz", f.Name)
		if err != nil {
			return nil, err
		}
		if ok && (newest == nil || newest.Name < f.Name) {
			newest = f
		}
	}
	if newest == nil {
		return nil, fmt.Errorf("botocore has no such service")
	}
	zipped, err := newest.Open()
	if err != nil {
		return nil, err
	}
	defer zipped.Close()
	unzipped, err := gzip.NewReader(zipped)
	if err != nil {
		return nil, err
	}
	return botocore.Parse(unzipped)
}
