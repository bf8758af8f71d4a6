package main

import (
	"context"
	"fmt"
	"strings"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/aws"
)

type downCommand struct {
	Stack string `arg:"" help:"Stack to delete."`
}

// Run deletes a stack and shows what becomes of its resources.
func (c *downCommand) Run(ctx context.Context, console *console, line *cli) error {
	client := line.client()
	found, err := call[api.DescribeStacksOutput](ctx, client, &api.Service, "DescribeStacks", &api.DescribeStacksInput{StackName: &c.Stack})
	if err != nil {
		return err
	}
	id := aws.Value(found.Stacks[0].StackId)
	p := newProgress(console)
	seen, err := knownEvents(ctx, client, id)
	if err != nil {
		return err
	}
	if _, err := call[api.DeleteStackOutput](ctx, client, &api.Service, "DeleteStack", &api.DeleteStackInput{StackName: &id}); err != nil {
		return err
	}
	status, err := followStack(ctx, client, id, seen, p)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(status, "DELETE_COMPLETE") {
		return fmt.Errorf("stack %s is %s: %s", c.Stack, status, p.reason())
	}
	return nil
}
