package image

import (
	"os"
	"path/filepath"
	"strings"
)

// What references meant is kept, so that those without a digest can be opened
// without their registry: on a train, the runtimes that are images run still.

func (s *Store) nameDir() string { return filepath.Join(s.options.Dir, "names") }

func (s *Store) nameFile(text, architecture string) string {
	return filepath.Join(s.nameDir(), strings.TrimPrefix(digestOf([]byte(text+"\n"+architecture)), "sha256:"))
}

func (s *Store) remember(text, architecture, digest string) {
	if s.recall(text, architecture) == digest {
		return
	}
	f, err := os.CreateTemp(s.nameDir(), ".new-")
	if err == nil {
		_, err = f.WriteString(digest)
		f.Close()
	}
	if err == nil {
		err = os.Rename(f.Name(), s.nameFile(text, architecture))
	}
	if err != nil {
		s.options.Log.Warn("what an image's name means is not kept", "image", text, "error", err)
	}
}

func (s *Store) recall(text, architecture string) string {
	b, err := os.ReadFile(s.nameFile(text, architecture))
	if err != nil || !digestPattern.Match(b) {
		return ""
	}
	return string(b)
}
