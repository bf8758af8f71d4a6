package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/aws"
)

// pollEvery is how often a stack in progress is looked at.
const pollEvery = 50 * time.Millisecond

// A deployment is what is to be deployed.
type deployment struct {
	stack      string
	body       string
	parameters map[string]string
}

// deploy brings a stack about by a change set, as the AWS CLI does, and shows
// its progress. changed is false if the stack was already as it should be.
func deploy(ctx context.Context, c *client, d deployment, p *progress) (changed bool, err error) {
	kind, err := changeSetType(ctx, c, d.stack)
	if err != nil {
		return false, err
	}
	in := &api.CreateChangeSetInput{
		StackName: &d.stack, ChangeSetName: new("lamgate-up-" + aws.NewUUID()), ChangeSetType: &kind, TemplateBody: &d.body,
		Capabilities: []string{"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"},
	}
	for name, v := range d.parameters {
		in.Parameters = append(in.Parameters, api.Parameter{ParameterKey: new(name), ParameterValue: new(v)})
	}
	set, err := call[api.CreateChangeSetOutput](ctx, c, &api.Service, "CreateChangeSet", in)
	if err != nil {
		return false, err
	}
	ready, err := awaitChangeSet(ctx, c, aws.Value(set.Id))
	if err != nil || !ready {
		return false, err
	}
	seen, err := knownEvents(ctx, c, aws.Value(set.StackId))
	if err != nil {
		return false, err
	}
	if err := execute(ctx, c, set, seen, p); err != nil {
		return false, err
	}
	status, err := followStack(ctx, c, aws.Value(set.StackId), seen, p)
	if err != nil {
		return false, err
	}
	if status != "CREATE_COMPLETE" && status != "UPDATE_COMPLETE" {
		return true, fmt.Errorf("stack %s is %s: %s", d.stack, status, p.reason())
	}
	return true, nil
}

// execute begins the execution of a change set. The server answers once a small
// stack is done, so events are shown while the answer is awaited.
func execute(ctx context.Context, c *client, set *api.CreateChangeSetOutput, seen map[string]bool, p *progress) error {
	answered := make(chan error, 1)
	go func() {
		_, err := call[api.ExecuteChangeSetOutput](ctx, c, &api.Service, "ExecuteChangeSet", &api.ExecuteChangeSetInput{ChangeSetName: set.Id})
		answered <- err
	}()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-answered:
			return err
		case <-tick.C:
			if err := p.update(ctx, c, aws.Value(set.StackId), seen); err != nil {
				return err
			}
		}
	}
}

// changeSetType tells whether a stack is to be created or updated. A stack whose
// creation was rolled back can only be deleted, so that is done first.
func changeSetType(ctx context.Context, c *client, stack string) (string, error) {
	s, err := describeStack(ctx, c, stack)
	if aws.HasCode(err, "ValidationError") {
		return "CREATE", nil
	}
	if err != nil {
		return "", err
	}
	switch aws.Value(s.StackStatus) {
	case "REVIEW_IN_PROGRESS":
		return "CREATE", nil
	case "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED":
		if _, err := call[api.DeleteStackOutput](ctx, c, &api.Service, "DeleteStack", &api.DeleteStackInput{StackName: s.StackId}); err != nil {
			return "", err
		}
		status, err := followStack(ctx, c, aws.Value(s.StackId), map[string]bool{}, newProgress(&console{out: io.Discard}))
		if err == nil && status != "DELETE_COMPLETE" {
			err = fmt.Errorf("what is left of stack %s cannot be deleted: it is %s", stack, status)
		}
		return "CREATE", err
	}
	return "UPDATE", nil
}

func describeStack(ctx context.Context, c *client, stack string) (*api.Stack, error) {
	out, err := call[api.DescribeStacksOutput](ctx, c, &api.Service, "DescribeStacks", &api.DescribeStacksInput{StackName: &stack})
	if err != nil {
		return nil, err
	}
	if len(out.Stacks) == 0 {
		return nil, fmt.Errorf("no stack %s was described", stack)
	}
	return &out.Stacks[0], nil
}

// awaitChangeSet waits until a change set can be executed; it reports false for
// one that would change nothing, which it removes.
func awaitChangeSet(ctx context.Context, c *client, id string) (bool, error) {
	for {
		out, err := call[api.DescribeChangeSetOutput](ctx, c, &api.Service, "DescribeChangeSet", &api.DescribeChangeSetInput{ChangeSetName: &id})
		if err != nil {
			return false, err
		}
		reason := aws.Value(out.StatusReason)
		switch aws.Value(out.Status) {
		case "CREATE_COMPLETE":
			return true, nil
		case "FAILED":
			_, err := call[api.DeleteChangeSetOutput](ctx, c, &api.Service, "DeleteChangeSet", &api.DeleteChangeSetInput{ChangeSetName: &id})
			if strings.Contains(reason, "didn't contain changes") || strings.Contains(reason, "No updates are to be performed") {
				return false, err
			}
			return false, fmt.Errorf("%s", reason)
		}
		if err := pause(ctx, pollEvery); err != nil {
			return false, err
		}
	}
}

// knownEvents returns the IDs of the events that a stack has had.
func knownEvents(ctx context.Context, c *client, id string) (map[string]bool, error) {
	seen := map[string]bool{}
	_, err := newEvents(ctx, c, id, seen)
	return seen, err
}

// followStack shows a stack's events that have not been seen until it comes to
// rest, and returns its status.
func followStack(ctx context.Context, c *client, id string, seen map[string]bool, p *progress) (string, error) {
	for {
		// The status is asked before the events: those that led to it are then
		// among them.
		s, err := describeStack(ctx, c, id)
		if err != nil {
			return "", err
		}
		if err := p.update(ctx, c, id, seen); err != nil {
			return "", err
		}
		if status := aws.Value(s.StackStatus); !strings.HasSuffix(status, "_IN_PROGRESS") {
			return status, nil
		}
		if err := pause(ctx, pollEvery); err != nil {
			return "", err
		}
	}
}

// update shows the events of a stack that have not been seen.
func (p *progress) update(ctx context.Context, c *client, id string, seen map[string]bool) error {
	events, err := newEvents(ctx, c, id, seen)
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(events) {
		p.add(e)
	}
	p.draw()
	return nil
}

// newEvents returns a stack's events that have not been seen, the last first,
// and marks them.
func newEvents(ctx context.Context, c *client, id string, seen map[string]bool) ([]api.StackEvent, error) {
	var events []api.StackEvent
	in := &api.DescribeStackEventsInput{StackName: &id}
	for {
		out, err := call[api.DescribeStackEventsOutput](ctx, c, &api.Service, "DescribeStackEvents", in)
		if err != nil {
			return nil, err
		}
		for _, e := range out.StackEvents {
			if seen[aws.Value(e.EventId)] {
				return events, nil
			}
			seen[aws.Value(e.EventId)] = true
			events = append(events, e)
		}
		if out.NextToken == nil {
			return events, nil
		}
		in.NextToken = out.NextToken
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
