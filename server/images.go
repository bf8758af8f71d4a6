package server

import (
	"sync"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/image"
	"github.com/lamgate/lamgate/state"
)

// How often images are looked through, and how long one stays that no function
// has any more: its environments may still be running.
const (
	imagesEvery  = time.Hour
	imagesUnused = 30 * time.Minute
)

// An imageKeeper removes container images that no function has.
type imageKeeper struct {
	images *image.Store
	docs   state.Documents
	clock  aws.Clock

	mu   sync.Mutex
	stop func() bool
	done bool
}

func keepImages(images *image.Store, docs state.Documents, clock aws.Clock) *imageKeeper {
	k := &imageKeeper{images: images, docs: docs, clock: clock}
	k.stop = clock.AfterFunc(imagesEvery, k.look)
	return k
}

func (k *imageKeeper) look() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.done {
		return
	}
	k.stop = k.clock.AfterFunc(imagesEvery, k.look)
	functions, err := state.LoadAll[execution.Function](k.docs, execution.FunctionsPrefix)
	if err != nil {
		return // one that cannot be read may have an image, too
	}
	used := imagesOf(functions)
	k.images.Collect(imagesUnused, func(digest string) bool { return used[digest] })
}

// imagesOf returns the digests of the images that functions have, or wait for.
func imagesOf(functions []*execution.Function) map[string]bool {
	used := map[string]bool{}
	note := func(c *execution.Configuration) {
		for _, i := range [...]*execution.Image{c.Image, c.NextImage} {
			if i != nil {
				used[i.Digest] = true
			}
		}
	}
	for _, f := range functions {
		note(&f.Latest)
		for _, version := range f.Versions {
			note(&version)
		}
	}
	return used
}

func (k *imageKeeper) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.done = true
	k.stop()
}
