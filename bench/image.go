package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// measureImages measures first requests of functions that are container images:
// the same native function, in an image that has nothing else.
func (b *bench) measureImages(ctx context.Context) error {
	native, err := nativeFunction(b.dir)
	if err != nil {
		return err
	}
	layout := filepath.Join(b.dir, "image")
	if err := writeLayout(layout, native.binary); err != nil {
		return err
	}
	s, err := b.start(ctx, "image")
	if err != nil {
		return err
	}
	defer s.stop()
	fmt.Println("cold first request of a container image (ms)")
	f := function{name: "image", image: "oci:" + layout + ":latest"}
	if err := s.measureFirst(ctx, f, b.starts); err != nil {
		fmt.Printf("  images are left out: %v\n", err)
	}
	fmt.Println()
	return nil
}

// writeLayout writes an OCI layout with one image of one file, /function.
func writeLayout(dir string, binary []byte) error {
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return err
	}
	type descriptor struct {
		MediaType   string            `json:"mediaType"`
		Digest      string            `json:"digest"`
		Size        int               `json:"size"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	blob := func(mediaType string, content []byte) (descriptor, error) {
		sum := fmt.Sprintf("%x", sha256.Sum256(content))
		return descriptor{MediaType: mediaType, Digest: "sha256:" + sum, Size: len(content)}, os.WriteFile(filepath.Join(blobs, sum), content, 0o644)
	}
	document := func(mediaType string, v any) (descriptor, error) {
		b, err := json.Marshal(v)
		if err != nil {
			return descriptor{}, err
		}
		return blob(mediaType, b)
	}
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	if err := w.WriteHeader(&tar.Header{Name: "function", Mode: 0o755, Size: int64(len(binary)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	if _, err := w.Write(binary); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	layer, err := blob("application/vnd.oci.image.layer.v1.tar", files.Bytes())
	if err != nil {
		return err
	}
	config, err := document("application/vnd.oci.image.config.v1+json", map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": []string{"/function"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{layer.Digest}},
	})
	if err != nil {
		return err
	}
	manifest, err := document("application/vnd.oci.image.manifest.v1+json", map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": []descriptor{layer},
	})
	if err != nil {
		return err
	}
	manifest.Annotations = map[string]string{"org.opencontainers.image.ref.name": "latest"}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []descriptor{manifest}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "index.json"), index, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644)
}
