package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/server"
)

type statusCommand struct {
	JSON bool `help:"Print as JSON."`
}

// A status is what a server has, of one account and region.
type status struct {
	Endpoint  string
	APIs      []apiStatus
	Functions []functionStatus
	Stacks    []stackStatus

	// Of all accounts and regions.
	Environments server.Environments
}

type apiStatus struct {
	Name, ID string
	URLs     map[string]string // by stage
}

type functionStatus struct {
	Name, Runtime, State string
	Warning              string `json:",omitempty"`
}

type stackStatus struct{ Name, Status string }

// Run lists what the server has.
func (c *statusCommand) Run(ctx context.Context, console *console, line *cli) error {
	s, err := collectStatus(ctx, line.client())
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(console.out, s)
	}
	fmt.Fprintf(console.out, "server %s\n", s.Endpoint)
	w := tabwriter.NewWriter(console.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "\nAPIs (%d)\n", len(s.APIs))
	for _, a := range s.APIs {
		fmt.Fprintf(w, "  %s\t%s\t\n", a.Name, a.ID)
		for _, stage := range slices.Sorted(maps.Keys(a.URLs)) {
			fmt.Fprintf(w, "  \t%s\t%s\n", stage, a.URLs[stage])
		}
	}
	fmt.Fprintf(w, "\nFunctions (%d)\n", len(s.Functions))
	for _, f := range s.Functions {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", f.Name, f.Runtime, f.State, f.Warning)
	}
	fmt.Fprintf(w, "\nStacks (%d)\n", len(s.Stacks))
	for _, k := range s.Stacks {
		fmt.Fprintf(w, "  %s\t%s\n", k.Name, k.Status)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	printEnvironments(console.out, &s.Environments)
	return nil
}

// printEnvironments prints what functions take of the server's host.
func printEnvironments(w io.Writer, e *server.Environments) {
	fmt.Fprintf(w, "\nEnvironments\n  %d of functions, %d of them idle, with %s of their own\n", e.Running, e.Idle, megabytes(e.PrivateMemory))
	for _, s := range e.StemCells {
		fmt.Fprintf(w, "  %d in stock for %s, with %s\n", s.Ready, s.Runtime, megabytes(s.PrivateMemory))
	}
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

func collectStatus(ctx context.Context, c *client) (*status, error) {
	s := &status{Endpoint: c.endpoint, APIs: []apiStatus{}, Functions: []functionStatus{}, Stacks: []stackStatus{}}
	apis := &apigateway.GetRestApisRequest{Limit: new(int32(500))}
	for {
		out, err := call[apigateway.RestApis](ctx, c, &apigateway.Service, "GetRestApis", apis)
		if err != nil {
			return nil, err
		}
		for _, a := range out.Items {
			stages, err := call[apigateway.Stages](ctx, c, &apigateway.Service, "GetStages", &apigateway.GetStagesRequest{RestApiId: a.Id})
			if err != nil {
				return nil, err
			}
			urls := map[string]string{}
			for _, stage := range stages.Item {
				urls[aws.Value(stage.StageName)] = apiURL(c.endpoint, aws.Value(a.Id), "/"+aws.Value(stage.StageName)+"/")
			}
			s.APIs = append(s.APIs, apiStatus{aws.Value(a.Name), aws.Value(a.Id), urls})
		}
		if apis.Position = out.Position; out.Position == nil {
			break
		}
	}
	functions := &lambda.ListFunctionsRequest{}
	for {
		out, err := call[lambda.ListFunctionsResponse](ctx, c, &lambda.Service, "ListFunctions", functions)
		if err != nil {
			return nil, err
		}
		for _, f := range out.Functions {
			// Lists leave the states out.
			one, err := call[lambda.FunctionConfiguration](ctx, c, &lambda.Service, "GetFunctionConfiguration", &lambda.GetFunctionConfigurationRequest{FunctionName: f.FunctionName})
			if err != nil {
				return nil, err
			}
			s.Functions = append(s.Functions, functionStatus{aws.Value(f.FunctionName), aws.Value(f.Runtime), aws.Value(one.State), aws.Value(one.StateReason)})
		}
		if functions.Marker = out.NextMarker; out.NextMarker == nil {
			break
		}
	}
	stacks := &cloudformation.DescribeStacksInput{}
	for {
		out, err := call[cloudformation.DescribeStacksOutput](ctx, c, &cloudformation.Service, "DescribeStacks", stacks)
		if err != nil {
			return nil, err
		}
		for _, k := range out.Stacks {
			s.Stacks = append(s.Stacks, stackStatus{aws.Value(k.StackName), aws.Value(k.StackStatus)})
		}
		if stacks.NextToken = out.NextToken; out.NextToken == nil {
			break
		}
	}
	if err := c.own(ctx, "/environments", &s.Environments); err != nil {
		return nil, err
	}
	slices.SortFunc(s.APIs, func(a, b apiStatus) int { return cmp.Compare(a.Name, b.Name) })
	return s, nil
}
