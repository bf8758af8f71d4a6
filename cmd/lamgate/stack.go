package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/aws"
)

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

// deleteStack deletes a stack and shows what becomes of it.
func deleteStack(ctx context.Context, c *client, stack, id string, p *progress) error {
	seen, err := knownEvents(ctx, c, id)
	if err != nil {
		return err
	}
	if _, err := call[api.DeleteStackOutput](ctx, c, &api.Service, "DeleteStack", &api.DeleteStackInput{StackName: &id}); err != nil {
		return err
	}
	status, err := followStack(ctx, c, id, seen, p)
	if err == nil && status != "DELETE_COMPLETE" {
		err = fmt.Errorf("stack %s is %s: %s", stack, status, p.reason())
	}
	return err
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

// stackFunctions returns the physical names of a stack's functions by logical ID.
func stackFunctions(ctx context.Context, c *client, stack string) (map[string]string, error) {
	names := map[string]string{}
	in := &api.ListStackResourcesInput{StackName: &stack}
	for {
		out, err := call[api.ListStackResourcesOutput](ctx, c, &api.Service, "ListStackResources", in)
		if err != nil {
			return nil, err
		}
		for _, r := range out.StackResourceSummaries {
			if aws.Value(r.ResourceType) == "AWS::Lambda::Function" && r.PhysicalResourceId != nil {
				names[aws.Value(r.LogicalResourceId)] = *r.PhysicalResourceId
			}
		}
		if out.NextToken == nil {
			return names, nil
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
