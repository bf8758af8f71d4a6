package cloudformation

import (
	"context"
	"maps"
	"slices"
	"strings"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
	"github.com/lamgate/lamgate/state"
)

const pageSize = 100

// DescribeStacks implements cloudformation.DescribeStacksAPI.
func (s *Service) DescribeStacks(ctx context.Context, in *api.DescribeStacksInput) (*api.DescribeStacksOutput, error) {
	c := aws.CallerFrom(ctx)
	if name := aws.Value(in.StackName); name != "" {
		st, err := s.mustFind(c, name, noStackWithID)
		if err != nil {
			return nil, err
		}
		return &api.DescribeStacksOutput{Stacks: []api.Stack{showStack(st)}}, nil
	}
	all, err := s.neighbours(c.Account, c.Region)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(st *stack) bool { return st.Status == deleteComplete })
	newestFirst(all)
	from, to, next, err := page(len(all), in.NextToken, pageSize)
	if err != nil {
		return nil, err
	}
	out := &api.DescribeStacksOutput{Stacks: []api.Stack{}, NextToken: next}
	for _, st := range all[from:to] {
		out.Stacks = append(out.Stacks, showStack(st))
	}
	return out, nil
}

func newestFirst(stacks []*stack) {
	slices.SortStableFunc(stacks, func(a, b *stack) int { return int(b.Created - a.Created) })
}

func showStack(st *stack) api.Stack {
	shown := api.Stack{
		StackId: &st.ID, StackName: &st.Name, ChangeSetId: optional(st.ChangeSet), Description: optional(st.Description),
		Parameters: showParameters(st.Definition), CreationTime: millis(st.Created), DeletionTime: millis(st.Deleted), LastUpdatedTime: millis(st.Updated),
		RollbackConfiguration: &api.RollbackConfiguration{}, StackStatus: &st.Status, StackStatusReason: optional(st.Reason),
		DisableRollback: &st.DisableRollback, NotificationARNs: orEmpty(st.Definition.NotificationARNs), Capabilities: st.Definition.Capabilities,
		RoleARN: optional(st.Definition.RoleARN), Tags: showTags(st.Definition.Tags),
		DriftInformation: &api.StackDriftInformation{StackDriftStatus: new("NOT_CHECKED")},
	}
	if st.Status != deleteComplete {
		shown.EnableTerminationProtection = &st.Protected
	}
	if st.Timeout > 0 {
		shown.TimeoutInMinutes = &st.Timeout
	}
	for _, o := range st.Outputs {
		shown.Outputs = append(shown.Outputs, api.Output{
			OutputKey: new(o.Key), OutputValue: new(o.Value), Description: optional(o.Description), ExportName: optional(o.Export),
		})
	}
	return shown
}

// ListStacks implements cloudformation.ListStacksAPI. It tells of deleted stacks
// too.
func (s *Service) ListStacks(ctx context.Context, in *api.ListStacksInput) (*api.ListStacksOutput, error) {
	c := aws.CallerFrom(ctx)
	all, err := s.neighbours(c.Account, c.Region)
	if err != nil {
		return nil, err
	}
	deleted, err := state.LoadAll[stack](s.docs, deletedPrefix+place(c.Account, c.Region))
	if err != nil {
		return nil, err
	}
	all = append(all, deleted...)
	if len(in.StackStatusFilter) > 0 {
		all = slices.DeleteFunc(all, func(st *stack) bool { return !slices.Contains(in.StackStatusFilter, st.Status) })
	}
	newestFirst(all)
	from, to, next, err := page(len(all), in.NextToken, pageSize)
	if err != nil {
		return nil, err
	}
	out := &api.ListStacksOutput{StackSummaries: []api.StackSummary{}, NextToken: next}
	for _, st := range all[from:to] {
		out.StackSummaries = append(out.StackSummaries, api.StackSummary{
			StackId: &st.ID, StackName: &st.Name, TemplateDescription: optional(st.Description), CreationTime: millis(st.Created),
			LastUpdatedTime: millis(st.Updated), DeletionTime: millis(st.Deleted), StackStatus: &st.Status, StackStatusReason: optional(st.Reason),
			DriftInformation: &api.StackDriftInformationSummary{StackDriftStatus: new("NOT_CHECKED")},
		})
	}
	return out, nil
}

// DescribeStackEvents implements cloudformation.DescribeStackEventsAPI, newest
// first.
func (s *Service) DescribeStackEvents(ctx context.Context, in *api.DescribeStackEventsInput) (*api.DescribeStackEventsOutput, error) {
	st, err := s.mustFind(aws.CallerFrom(ctx), aws.Value(in.StackName), noStackBrackets)
	if err != nil {
		return nil, err
	}
	events := slices.Clone(st.Events)
	slices.Reverse(events)
	from, to, next, err := page(len(events), in.NextToken, pageSize)
	if err != nil {
		return nil, err
	}
	out := &api.DescribeStackEventsOutput{StackEvents: []api.StackEvent{}, NextToken: next}
	for _, e := range events[from:to] {
		out.StackEvents = append(out.StackEvents, api.StackEvent{
			StackId: &st.ID, EventId: &e.ID, StackName: &st.Name, LogicalResourceId: &e.LogicalID, PhysicalResourceId: &e.PhysicalID,
			ResourceType: &e.Type, Timestamp: millis(e.Time), ResourceStatus: &e.Status, ResourceStatusReason: optional(e.Reason),
			ResourceProperties: optional(e.Properties), ClientRequestToken: optional(e.Token),
		})
	}
	return out, nil
}

// resources returns the records that can be shown, by logical ID.
func (st *stack) resources() []*record {
	var list []*record
	for _, id := range slices.Sorted(maps.Keys(st.Resources)) {
		if st.Resources[id].Type != "" {
			list = append(list, st.Resources[id])
		}
	}
	return list
}

// physical is the ID that is shown: none of what is not made yet.
func (r *record) physical() *string {
	if r.Uncertain {
		return nil
	}
	return optional(r.PhysicalID)
}

// DescribeStackResources implements cloudformation.DescribeStackResourcesAPI.
func (s *Service) DescribeStackResources(ctx context.Context, in *api.DescribeStackResourcesInput) (*api.DescribeStackResourcesOutput, error) {
	c := aws.CallerFrom(ctx)
	st, err := s.ofResource(c, in)
	if err != nil {
		return nil, err
	}
	out := &api.DescribeStackResourcesOutput{StackResources: []api.StackResource{}}
	for _, r := range st.resources() {
		if in.LogicalResourceId != nil && *in.LogicalResourceId != r.LogicalID {
			continue
		}
		out.StackResources = append(out.StackResources, api.StackResource{
			StackName: &st.Name, StackId: &st.ID, LogicalResourceId: &r.LogicalID, PhysicalResourceId: r.physical(), ResourceType: &r.Type,
			Timestamp: millis(r.Time), ResourceStatus: &r.Status, ResourceStatusReason: optional(r.Reason),
			DriftInformation: &api.StackResourceDriftInformation{StackResourceDriftStatus: new("NOT_CHECKED")},
		})
	}
	return out, nil
}

// ofResource returns the stack that the request names, or that has the physical
// ID it names.
func (s *Service) ofResource(c aws.Caller, in *api.DescribeStackResourcesInput) (*stack, error) {
	switch {
	case in.StackName != nil && in.PhysicalResourceId != nil:
		return nil, template.Invalid("Only one of StackName and PhysicalResourceId can be specified.")
	case in.StackName != nil:
		return s.mustFind(c, *in.StackName, noStackWithID)
	case in.PhysicalResourceId == nil:
		return nil, template.Invalid("Either StackName or PhysicalResourceId must be specified.")
	}
	all, err := s.neighbours(c.Account, c.Region)
	if err != nil {
		return nil, err
	}
	for _, st := range all {
		for _, r := range st.Resources {
			if r.PhysicalID == *in.PhysicalResourceId && r.Status != deleteComplete {
				return st, nil
			}
		}
	}
	return nil, template.Invalid("Stack for %s does not exist", *in.PhysicalResourceId)
}

// DescribeStackResource implements cloudformation.DescribeStackResourceAPI.
func (s *Service) DescribeStackResource(ctx context.Context, in *api.DescribeStackResourceInput) (*api.DescribeStackResourceOutput, error) {
	st, err := s.mustFind(aws.CallerFrom(ctx), aws.Value(in.StackName), noStackQuoted)
	if err != nil {
		return nil, err
	}
	r := st.Resources[aws.Value(in.LogicalResourceId)]
	if r == nil || r.Type == "" {
		return nil, template.Invalid("Resource %s does not exist for stack %s", aws.Value(in.LogicalResourceId), aws.Value(in.StackName))
	}
	detail := &api.StackResourceDetail{
		StackName: &st.Name, StackId: &st.ID, LogicalResourceId: &r.LogicalID, PhysicalResourceId: r.physical(), ResourceType: &r.Type,
		LastUpdatedTimestamp: millis(r.Time), ResourceStatus: &r.Status, ResourceStatusReason: optional(r.Reason), Metadata: new("{}"),
		DriftInformation: &api.StackResourceDriftInformation{StackResourceDriftStatus: new("NOT_CHECKED")},
	}
	if r.Metadata != nil {
		detail.Metadata = new(r.Metadata.JSON())
	}
	return &api.DescribeStackResourceOutput{StackResourceDetail: detail}, nil
}

// ListStackResources implements cloudformation.ListStackResourcesAPI.
func (s *Service) ListStackResources(ctx context.Context, in *api.ListStackResourcesInput) (*api.ListStackResourcesOutput, error) {
	st, err := s.mustFind(aws.CallerFrom(ctx), aws.Value(in.StackName), noStackWithID)
	if err != nil {
		return nil, err
	}
	records := st.resources()
	from, to, next, err := page(len(records), in.NextToken, pageSize)
	if err != nil {
		return nil, err
	}
	out := &api.ListStackResourcesOutput{StackResourceSummaries: []api.StackResourceSummary{}, NextToken: next}
	for _, r := range records[from:to] {
		out.StackResourceSummaries = append(out.StackResourceSummaries, api.StackResourceSummary{
			LogicalResourceId: &r.LogicalID, PhysicalResourceId: r.physical(), ResourceType: &r.Type, LastUpdatedTimestamp: millis(r.Time),
			ResourceStatus: &r.Status, ResourceStatusReason: optional(r.Reason),
			DriftInformation: &api.StackResourceDriftInformationSummary{StackResourceDriftStatus: new("NOT_CHECKED")},
		})
	}
	return out, nil
}

// ListExports implements cloudformation.ListExportsAPI.
func (s *Service) ListExports(ctx context.Context, in *api.ListExportsInput) (*api.ListExportsOutput, error) {
	c := aws.CallerFrom(ctx)
	all, err := s.neighbours(c.Account, c.Region)
	if err != nil {
		return nil, err
	}
	var exports []api.Export
	for _, st := range all {
		for _, o := range st.Outputs {
			if o.Export != "" {
				exports = append(exports, api.Export{ExportingStackId: &st.ID, Name: new(o.Export), Value: new(o.Value)})
			}
		}
	}
	slices.SortFunc(exports, func(a, b api.Export) int { return strings.Compare(*a.Name, *b.Name) })
	from, to, next, err := page(len(exports), in.NextToken, pageSize)
	if err != nil {
		return nil, err
	}
	return &api.ListExportsOutput{Exports: append([]api.Export{}, exports[from:to]...), NextToken: next}, nil
}

// ListImports implements cloudformation.ListImportsAPI.
func (s *Service) ListImports(ctx context.Context, in *api.ListImportsInput) (*api.ListImportsOutput, error) {
	c := aws.CallerFrom(ctx)
	all, err := s.neighbours(c.Account, c.Region)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, st := range all {
		if slices.Contains(st.Imports, aws.Value(in.ExportName)) {
			names = append(names, st.Name)
		}
	}
	if len(names) == 0 {
		return nil, template.Invalid("Export '%s' is not imported by any stack.", aws.Value(in.ExportName))
	}
	from, to, next, err := page(len(names), in.NextToken, pageSize)
	if err != nil {
		return nil, err
	}
	return &api.ListImportsOutput{Imports: names[from:to], NextToken: next}, nil
}
