package conformance

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// A stack is a stack that a test has created.
type stack struct {
	t    testing.TB
	name string
	id   string
}

var allCapabilities = []types.Capability{types.CapabilityCapabilityIam, types.CapabilityCapabilityNamedIam, types.CapabilityCapabilityAutoExpand}

// createStack asks for a stack and waits until it comes to rest, whatever
// becomes of it. It is deleted after the test.
func createStack(t testing.TB, template string, change ...func(*cloudformation.CreateStackInput)) *stack {
	t.Helper()
	in := &cloudformation.CreateStackInput{StackName: aws.String(uniqueName("stack")), TemplateBody: &template, Capabilities: allCapabilities}
	for _, c := range change {
		c(in)
	}
	out, err := cloudFormation().CreateStack(t.Context(), in)
	if err != nil {
		t.Fatal("create stack:", err)
	}
	s := &stack{t, *in.StackName, *out.StackId}
	t.Cleanup(func() {
		cloudFormation().DeleteStack(cleanup(), &cloudformation.DeleteStackInput{StackName: out.StackId})
	})
	s.rest()
	return s
}

// newStack creates a stack that must come about.
func newStack(t testing.TB, template string, change ...func(*cloudformation.CreateStackInput)) *stack {
	t.Helper()
	s := createStack(t, template, change...)
	s.wantStatus(types.StackStatusCreateComplete)
	return s
}

func (s *stack) describe() types.Stack {
	s.t.Helper()
	out, err := cloudFormation().DescribeStacks(s.t.Context(), &cloudformation.DescribeStacksInput{StackName: &s.id})
	return must(s.t, out, err).Stacks[0]
}

// rest waits until nothing is in progress.
func (s *stack) rest() {
	s.t.Helper()
	eventually(s.t, "the stack comes to rest", func() bool { return !strings.HasSuffix(string(s.describe().StackStatus), "_IN_PROGRESS") })
}

func (s *stack) wantStatus(want types.StackStatus) {
	s.t.Helper()
	if got := s.describe(); got.StackStatus != want {
		s.t.Fatalf("the stack is %s (%s), want %s:\n%s", got.StackStatus, aws.ToString(got.StackStatusReason), want, s.failures())
	}
}

// failures are the reasons of the stack's failed events, the last first.
func (s *stack) failures() string {
	s.t.Helper()
	var b strings.Builder
	for _, e := range s.events() {
		if strings.HasSuffix(string(e.ResourceStatus), "_FAILED") {
			b.WriteString(aws.ToString(e.LogicalResourceId) + ": " + aws.ToString(e.ResourceStatusReason) + "\n")
		}
	}
	return b.String()
}

func (s *stack) events() []types.StackEvent {
	s.t.Helper()
	out, err := cloudFormation().DescribeStackEvents(s.t.Context(), &cloudformation.DescribeStackEventsInput{StackName: &s.id})
	return must(s.t, out, err).StackEvents
}

// update updates the stack and waits until it comes to rest.
func (s *stack) update(template string, change ...func(*cloudformation.UpdateStackInput)) {
	s.t.Helper()
	in := &cloudformation.UpdateStackInput{StackName: &s.name, TemplateBody: &template, Capabilities: allCapabilities}
	for _, c := range change {
		c(in)
	}
	if _, err := cloudFormation().UpdateStack(s.t.Context(), in); err != nil {
		s.t.Fatal("update stack:", err)
	}
	s.rest()
}

func (s *stack) delete() {
	s.t.Helper()
	if _, err := cloudFormation().DeleteStack(s.t.Context(), &cloudformation.DeleteStackInput{StackName: &s.id}); err != nil {
		s.t.Fatal("delete stack:", err)
	}
	s.rest()
}

func (s *stack) output(key string) string {
	s.t.Helper()
	for _, o := range s.describe().Outputs {
		if aws.ToString(o.OutputKey) == key {
			return aws.ToString(o.OutputValue)
		}
	}
	s.t.Fatal("the stack has no output ", key)
	return ""
}

// physical is the physical ID of a resource.
func (s *stack) physical(logical string) string {
	s.t.Helper()
	out, err := cloudFormation().DescribeStackResource(s.t.Context(), &cloudformation.DescribeStackResourceInput{StackName: &s.id, LogicalResourceId: &logical})
	return aws.ToString(must(s.t, out, err).StackResourceDetail.PhysicalResourceId)
}
