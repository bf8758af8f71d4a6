package main

import (
	"context"

	"github.com/lamgate/lamgate/aws"
)

type downCommand struct {
	clientFlags `embed:""`
	Stack       string `arg:"" help:"Stack to delete."`
}

// Run deletes a stack and shows what becomes of its resources.
func (c *downCommand) Run(ctx context.Context, console *console) error {
	client := c.client()
	s, err := describeStack(ctx, client, c.Stack)
	if err != nil {
		return err
	}
	return deleteStack(ctx, client, c.Stack, aws.Value(s.StackId), newProgress(console))
}
