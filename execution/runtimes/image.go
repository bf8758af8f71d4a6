package runtimes

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/image"
)

// A fromImage is a managed runtime that is a container image: one of AWS's base
// images, or one built like them. Its entry point starts the runtime and takes
// the handler as its argument, as theirs do.
type fromImage struct {
	reference string

	mu    sync.Mutex
	trees map[string]*image.Tree // by architecture
	tree  *image.Tree            // of a Runtime
}

func (i *fromImage) launch(l *Launch, c *Command) error {
	if len(i.tree.Config.EntryPoint) == 0 {
		return fmt.Errorf("the image %s has no entry point", i.reference)
	}
	if l.DebugPort > 0 {
		return fmt.Errorf("lamgate has no debugger for the runtime of the image %s", i.reference)
	}
	args, _, err := i.tree.Process(execution.Image{Command: []string{l.Handler}}, "")
	if err != nil {
		return fmt.Errorf("the image %s: %w", i.reference, err)
	}
	c.Args, c.Env = args, i.tree.Config.Environment
	return nil
}

// open returns the image's tree, pulling it if it is not there. It is kept until
// close.
func (i *fromImage) open(ctx context.Context, store *image.Store, architecture string) (*image.Tree, error) {
	if store == nil {
		return nil, errors.New("there is no store of images")
	}
	i.mu.Lock()
	t := i.trees[architecture]
	i.mu.Unlock()
	if t != nil {
		return t, nil
	}
	// Two may come here; the store pulls once.
	t, err := store.OpenOwn(ctx, i.reference, architecture)
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if first := i.trees[architecture]; first != nil {
		t.Release()
		return first, nil
	}
	if i.trees == nil {
		i.trees = map[string]*image.Tree{}
	}
	i.trees[architecture] = t
	return t, nil
}

func (i *fromImage) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, t := range i.trees {
		t.Release()
	}
	i.trees = nil
}
