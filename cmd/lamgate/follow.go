package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/lamgate/lamgate/api/logs"
)

// follow prints the functions' logs and takes over what is saved, until ctx
// ends or a server of ours does.
func (u *up) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	if u.ours != nil {
		go func() {
			select {
			case <-u.ours.Done():
				cancel(errors.New("the server ended"))
			case <-ctx.Done():
			}
		}()
	}
	var followers sync.WaitGroup
	defer followers.Wait()
	defer cancel(nil) // before the wait
	for ctx.Err() == nil {
		if err := u.round(ctx, &followers); err != nil && ctx.Err() == nil {
			return err
		}
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// round follows the stack as it is now, until a changed template is saved.
func (u *up) round(ctx context.Context, followers *sync.WaitGroup) error {
	names, err := stackFunctions(ctx, u.client, u.command.Stack)
	if err != nil {
		return err
	}
	for logical, name := range names {
		group, err := logGroup(ctx, u.client, name)
		if err != nil {
			return err
		}
		if !u.followed[group] {
			u.followed[group] = true
			followers.Go(func() { u.followLog(ctx, logical, group) })
		}
	}
	// It may have been saved between its reading and its watching.
	if u.templateChanged() {
		return u.redeploy(ctx)
	}
	for {
		touched, saved, err := u.watcher.changed(ctx)
		if err != nil {
			return err
		}
		if slices.Contains(touched, u.project.template) && u.templateChanged() || slices.ContainsFunc(touched, u.isVersioned) {
			return u.redeploy(ctx)
		}
		for _, path := range touched {
			u.publish(ctx, path, saved, names)
		}
	}
}

// followLog prints a log group from now on, as a function's. Functions that share
// one are not told apart.
func (u *up) followLog(ctx context.Context, logical, group string) {
	f := &logFollower{client: u.client, group: group, from: time.Now()}
	err := f.follow(ctx, func(e logs.FilteredLogEvent) error {
		u.mu.Lock()
		defer u.mu.Unlock()
		return printEvent(u.console.out, logical+" ", e)
	})
	if err != nil && ctx.Err() == nil {
		u.say("%s is not followed any more: %v", group, err)
	}
}

func (u *up) templateChanged() bool {
	b, err := os.ReadFile(u.project.template)
	return err == nil && string(b) != u.body
}

// redeploy updates the stack after its template was saved. A template that is
// wrong is told and leaves everything as it was.
func (u *up) redeploy(ctx context.Context) error {
	if err := u.deploy(ctx); err != nil && ctx.Err() == nil {
		u.say("%v", err)
		return nil
	}
	return ctx.Err()
}
