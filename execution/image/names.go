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

// forgetNames removes what names meant of images that are not there: they would
// have to be pulled, by a registry that can say what they mean. mu must be held.
func (s *Store) forgetNames() {
	entries, err := os.ReadDir(s.nameDir())
	if err != nil {
		return
	}
	for _, e := range entries {
		path := filepath.Join(s.nameDir(), e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue // being written
		}
		b, err := os.ReadFile(path)
		if _, there := s.trees[string(b)]; err == nil && there {
			continue
		}
		os.Remove(path)
	}
}

func (s *Store) recall(text, architecture string) string {
	b, err := os.ReadFile(s.nameFile(text, architecture))
	if err != nil || !digestPattern.Match(b) {
		return ""
	}
	return string(b)
}
