package lambda

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/image"
	"github.com/lamgate/lamgate/state"
)

// Images are container images. image.Store has them.
type Images interface {
	// Describe looks a reference up. What is wrong with it is an *image.Problem.
	Describe(ctx context.Context, reference, architecture string) (*image.Description, error)
	// Open returns an image's tree, pulling it if it is not there.
	Open(ctx context.Context, i execution.Image, architecture string) (*image.Tree, error)
}

// The states of a function, and of an update of it.
const (
	active     = "Active"
	pending    = "Pending"
	failed     = "Failed"
	inProgress = "InProgress"
	successful = "Successful"

	beingCreated = "The function is being created."
	creatingCode = "Creating"
)

// describe finds out what an image's reference means now.
func (s *Service) describe(ctx context.Context, uri, architecture string) (*execution.Image, error) {
	if s.Images == nil {
		return nil, unsupported("container images (PackageType Image)")
	}
	if s.WithoutIsolation {
		return nil, invalid("%v", errNoRoot)
	}
	d, err := s.Images.Describe(ctx, uri, architecture)
	if err != nil {
		return nil, err
	}
	return &execution.Image{URI: uri, Resolved: d.Resolved, Digest: d.Digest}, nil
}

// codeOf is what answers tell of an image where they tell of a package.
func codeOf(i *execution.Image) execution.Code {
	return execution.Code{SHA256: strings.TrimPrefix(i.Digest, "sha256:")}
}

// configured returns an image with another configuration; what c leaves out is
// the image's own.
func configured(i execution.Image, c *lambda.ImageConfig) *execution.Image {
	i.EntryPoint, i.Command, i.WorkingDirectory = c.EntryPoint, c.Command, aws.Value(c.WorkingDirectory)
	return &i
}

func renderImageConfig(i *execution.Image) *lambda.ImageConfigResponse {
	if len(i.EntryPoint)+len(i.Command) == 0 && i.WorkingDirectory == "" {
		return nil
	}
	return &lambda.ImageConfigResponse{ImageConfig: &lambda.ImageConfig{
		EntryPoint: i.EntryPoint, Command: i.Command, WorkingDirectory: told(i.WorkingDirectory),
	}}
}

// replaceImage gives a function another image. It keeps the one that it has
// until the new one is there.
func replaceImage(c *execution.Configuration, next *execution.Image, architecture string) {
	if c.Image != nil {
		next.EntryPoint, next.Command, next.WorkingDirectory = c.Image.EntryPoint, c.Image.Command, c.Image.WorkingDirectory
	}
	c.NextImage, c.NextArchitecture = next, architecture
	c.LastUpdateStatus, c.LastUpdateReason, c.LastUpdateReasonCode = inProgress, beingCreated, creatingCode
}

// takeNext gives a configuration the image that it waits for, if it does.
func takeNext(c *execution.Configuration) {
	if next := c.NextImage; next != nil {
		c.Image, c.Code, c.Architecture = next, codeOf(next), c.NextArchitecture
		c.NextImage, c.NextArchitecture = nil, ""
	}
}

// checkIdle refuses to change a function that is being created or changed.
func checkIdle(ref execution.FunctionRef, c *execution.Configuration) error {
	switch {
	case c.State == pending:
		return conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending")
	case c.LastUpdateStatus == inProgress:
		return conflict("The operation cannot be performed at this time. An update is in progress for resource: %s", ref.ARN())
	}
	return nil
}

// pullOn goes on with the images that were on their way when the server stopped.
func (s *Service) pullOn() {
	functions, err := state.LoadAll[execution.Function](s.Documents, execution.FunctionsPrefix)
	if err != nil {
		s.Log.Error("images that were on their way stay there", "error", err)
		return
	}
	for _, f := range functions {
		s.pull(f)
	}
}

// pull fetches the images that a function waits for, behind the caller's back,
// and lets its states say what has become of them.
func (s *Service) pull(f *execution.Function) {
	ref := execution.FunctionRef{Account: f.Account, Region: f.Region, Name: f.Name}
	for _, wanted := range awaited(f) {
		s.work.Go(func() {
			err := s.fetchImage(wanted.Image, wanted.architecture)
			if err != nil && s.life.Err() == nil {
				s.Log.Warn("an image could not be pulled", "function", ref.ARN(), "digest", wanted.Digest, "error", err)
			}
			s.settle(ref, wanted.Digest, err)
		})
	}
}

// How long it takes until a function's states are written again that could not
// be; the first doubles up to the last.
const (
	settleAgain  = time.Second
	settleAtMost = time.Minute
)

// settle writes what has become of an image into the states of a function, for
// as long as it takes: the disk may be full. What the end of the server keeps it
// from is pulled on after the next start.
func (s *Service) settle(ref execution.FunctionRef, digest string, pulled error) {
	for again := settleAgain; s.life.Err() == nil; again = min(2*again, settleAtMost) {
		_, err := s.update(s.life, ref, func(f *execution.Function) error {
			arrived(f, digest, pulled)
			return nil
		})
		if err == nil || aws.HasCode(err, "ResourceNotFoundException") {
			return
		}
		s.Log.Error("a function stays pending until its state can be stored", "function", ref.ARN(), "error", err)
		due, stop := aws.After(s.Clock, again)
		select {
		case <-due:
		case <-s.life.Done():
			stop()
		}
	}
}

// errNoRoot keeps container images from being run.
var errNoRoot = errors.New("lamgate cannot run container images without isolation (--isolation process), which gives functions no root of their own: deploy a .zip package, or run lamgate on Linux with --isolation namespace")

func (s *Service) fetchImage(i execution.Image, architecture string) error {
	if s.Images == nil {
		return errors.New("lamgate runs no container images here")
	}
	if s.WithoutIsolation {
		return errNoRoot
	}
	tree, err := s.Images.Open(s.life, i, architecture)
	if err != nil {
		return err
	}
	tree.Release()
	return nil
}

// An awaitedImage is an image that a function waits for.
type awaitedImage struct {
	execution.Image
	architecture string
}

// awaited returns the images that a function waits for, each once.
func awaited(f *execution.Function) []awaitedImage {
	wanted := map[string]awaitedImage{}
	if c := &f.Latest; c.NextImage != nil {
		wanted[c.NextImage.Digest] = awaitedImage{*c.NextImage, c.NextArchitecture}
	} else if c.State == pending && c.Image != nil {
		wanted[c.Image.Digest] = awaitedImage{*c.Image, c.Architecture}
	}
	for _, v := range f.Versions {
		if v.State == pending && v.Image != nil {
			wanted[v.Image.Digest] = awaitedImage{*v.Image, v.Architecture}
		}
	}
	return slices.Collect(maps.Values(wanted))
}

// arrived lets the states of a function say that an image is there, or why not.
func arrived(f *execution.Function, digest string, err error) {
	reason, code := "", ""
	if err != nil {
		reason, code = err.Error(), image.InternalError
		if p, ok := errors.AsType[*image.Problem](err); ok {
			code = p.Reason
		}
	}
	settle := func(c *execution.Configuration) {
		c.State, c.StateReason, c.StateReasonCode = active, "", ""
		c.LastUpdateStatus = successful
		if err != nil {
			c.State, c.StateReason, c.StateReasonCode = failed, reason, code
			c.LastUpdateStatus = failed
		}
		c.RevisionID = aws.NewUUID()
	}
	switch c := &f.Latest; {
	case c.NextImage != nil && c.NextImage.Digest == digest:
		c.LastUpdateStatus, c.LastUpdateReason, c.LastUpdateReasonCode = successful, "", ""
		if err == nil {
			takeNext(c)
			c.State, c.StateReason, c.StateReasonCode = active, "", ""
		} else {
			c.LastUpdateStatus, c.LastUpdateReason, c.LastUpdateReasonCode = failed, reason, code
		}
		c.NextImage, c.NextArchitecture = nil, ""
		c.RevisionID = aws.NewUUID()
	case c.State == pending && c.Image != nil && c.Image.Digest == digest:
		settle(c)
	}
	f.Versions = maps.Clone(f.Versions)
	for number, v := range f.Versions {
		if v.State == pending && v.Image != nil && v.Image.Digest == digest {
			settle(&v)
			f.Versions[number] = v
		}
	}
}
