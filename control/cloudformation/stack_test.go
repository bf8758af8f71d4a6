package cloudformation_test

import (
	"testing"

	api "github.com/lamgate/lamgate/api/cloudformation"
)

func TestStackOfAProxyAPI(t *testing.T) {
	h := build(t)
	name, body := "proxy", read(t, "proxy.yaml")
	st := h.create(name, body)
	h.must(st, "CREATE_COMPLETE")
	id := h.physical(name)
	if got, want := *st.Outputs[0].OutputValue, "https://"+id["Api"]+".execute-api.us-east-1.amazonaws.com/v0"; got != want {
		t.Errorf("output is %s, want %s", got, want)
	}
	events, err := h.DescribeStackEvents(h.ctx, &api.DescribeStackEventsInput{StackName: &name})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range events.StackEvents {
		if seen[*e.EventId] {
			t.Errorf("two events have the ID %s", *e.EventId)
		}
		seen[*e.EventId] = true
	}
	if _, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: &name}); err != nil {
		t.Fatal(err)
	}
	h.must(h.settled(*st.StackId), "DELETE_COMPLETE")
	if left := h.inventory(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
