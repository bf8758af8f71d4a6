package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	parameters []pair
}

// deploy brings a stack about by a change set, as the AWS CLI does, and shows
// its progress. changed is false if the stack was already as it should be.
func deploy(ctx context.Context, c *client, d deployment, p *progress) (changed bool, err error) {
	kind, err := changeSetType(ctx, c, d.stack, p.console)
	if err != nil {
		return false, err
	}
	in := &api.CreateChangeSetInput{
		StackName: &d.stack, ChangeSetName: new("lamgate-up-" + aws.NewUUID()), ChangeSetType: &kind, TemplateBody: &d.body,
		Capabilities: []string{"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"},
	}
	for _, p := range d.parameters {
		in.Parameters = append(in.Parameters, api.Parameter{ParameterKey: &p.name, ParameterValue: &p.value})
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

// changeSetType tells whether a stack is to be created or updated. One that is
// being deployed, by somebody else or since a server was ended amid it, is waited
// for. One whose creation was rolled back can only be deleted, so that is done
// first.
func changeSetType(ctx context.Context, c *client, stack string, shown *console) (string, error) {
	for {
		s, err := describeStack(ctx, c, stack)
		if aws.HasCode(err, "ValidationError") {
			return "CREATE", nil
		}
		if err != nil {
			return "", err
		}
		id, status := aws.Value(s.StackId), aws.Value(s.StackStatus)
		switch {
		case status == "REVIEW_IN_PROGRESS":
			return "CREATE", nil
		case strings.HasSuffix(status, "_IN_PROGRESS"):
			fmt.Fprintf(shown.out, "stack %s is %s: waiting for the end of that\n", stack, status)
			seen, err := knownEvents(ctx, c, id)
			if err != nil {
				return "", err
			}
			if _, err := followStack(ctx, c, id, seen, newProgress(shown)); err != nil {
				return "", err
			}
		case status == "ROLLBACK_COMPLETE", status == "ROLLBACK_FAILED", status == "DELETE_FAILED":
			fmt.Fprintf(shown.out, "stack %s is %s: deleting what is left of it\n", stack, status)
			return "CREATE", deleteStack(ctx, c, stack, id, newProgress(&console{out: io.Discard}))
		default:
			return "UPDATE", nil
		}
	}
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
			return false, errors.New(reason)
		}
		if err := pause(ctx, pollEvery); err != nil {
			return false, err
		}
	}
}
