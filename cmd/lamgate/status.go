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
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/server"
)

type statusCommand struct {
	clientFlags `embed:""`
	JSON        bool `help:"Print as JSON."`
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
	Warning              string            `json:",omitempty"`
	URLs                 map[string]string // by qualifier
}

type stackStatus struct{ Name, Status string }

// Run lists what the server has.
func (c *statusCommand) Run(ctx context.Context, console *console) error {
	s, err := collectStatus(ctx, c.client())
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
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", f.Name, or(f.Runtime, "image"), f.State, f.Warning)
		for _, qualifier := range slices.Sorted(maps.Keys(f.URLs)) {
			fmt.Fprintf(w, "  \t%s\t%s\n", qualifier, f.URLs[qualifier])
		}
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

func collectStatus(ctx context.Context, c *client) (s *status, err error) {
	s = &status{Endpoint: c.endpoint, APIs: []apiStatus{}, Functions: []functionStatus{}, Stacks: []stackStatus{}}
	for _, collect := range []func(context.Context, *client) error{s.collectAPIs, s.collectFunctions, s.collectStacks} {
		if err := collect(ctx, c); err != nil {
			return nil, err
		}
	}
	return s, c.own(ctx, "/environments", &s.Environments)
}

func (s *status) collectAPIs(ctx context.Context, c *client) error {
	in := &apigateway.GetRestApisRequest{Limit: new(int32(500))}
	for {
		out, err := call[apigateway.RestApis](ctx, c, &apigateway.Service, "GetRestApis", in)
		if err != nil {
			return err
		}
		for _, a := range out.Items {
			stages, err := call[apigateway.Stages](ctx, c, &apigateway.Service, "GetStages", &apigateway.GetStagesRequest{RestApiId: a.Id})
			if err != nil {
				return err
			}
			urls := map[string]string{}
			for _, stage := range stages.Item {
				urls[aws.Value(stage.StageName)] = apiURL(c.endpoint, aws.Value(a.Id), "/"+aws.Value(stage.StageName)+"/")
			}
			s.APIs = append(s.APIs, apiStatus{aws.Value(a.Name), aws.Value(a.Id), urls})
		}
		if in.Position = out.Position; out.Position == nil {
			slices.SortFunc(s.APIs, func(a, b apiStatus) int { return cmp.Compare(a.Name, b.Name) })
			return nil
		}
	}
}

func (s *status) collectFunctions(ctx context.Context, c *client) error {
	in := &lambda.ListFunctionsRequest{}
	for {
		out, err := call[lambda.ListFunctionsResponse](ctx, c, &lambda.Service, "ListFunctions", in)
		if err != nil {
			return err
		}
		for _, f := range out.Functions {
			// Lists leave the states out.
			one, err := call[lambda.FunctionConfiguration](ctx, c, &lambda.Service, "GetFunctionConfiguration", &lambda.GetFunctionConfigurationRequest{FunctionName: f.FunctionName})
			if err != nil {
				return err
			}
			urls, err := functionURLs(ctx, c, f.FunctionName)
			if err != nil {
				return err
			}
			s.Functions = append(s.Functions, functionStatus{aws.Value(f.FunctionName), aws.Value(f.Runtime), aws.Value(one.State), aws.Value(one.StateReason), urls})
		}
		if in.Marker = out.NextMarker; out.NextMarker == nil {
			return nil
		}
	}
}

// functionURLs returns a function's URLs by what they lead to: an alias, or
// $LATEST.
func functionURLs(ctx context.Context, c *client, name *string) (map[string]string, error) {
	urls := map[string]string{}
	in := &lambda.ListFunctionUrlConfigsRequest{FunctionName: name}
	for {
		out, err := call[lambda.ListFunctionUrlConfigsResponse](ctx, c, &lambda.Service, "ListFunctionUrlConfigs", in)
		if err != nil {
			return nil, err
		}
		for _, u := range out.FunctionUrlConfigs {
			ref, err := execution.ParseFunctionARN(aws.Value(u.FunctionArn))
			if err != nil {
				return nil, err
			}
			urls[or(ref.Qualifier, execution.Latest)] = aws.Value(u.FunctionUrl)
		}
		if in.Marker = out.NextMarker; out.NextMarker == nil {
			return urls, nil
		}
	}
}

func (s *status) collectStacks(ctx context.Context, c *client) error {
	in := &cloudformation.DescribeStacksInput{}
	for {
		out, err := call[cloudformation.DescribeStacksOutput](ctx, c, &cloudformation.Service, "DescribeStacks", in)
		if err != nil {
			return err
		}
		for _, k := range out.Stacks {
			s.Stacks = append(s.Stacks, stackStatus{aws.Value(k.StackName), aws.Value(k.StackStatus)})
		}
		if in.NextToken = out.NextToken; out.NextToken == nil {
			return nil
		}
	}
}
