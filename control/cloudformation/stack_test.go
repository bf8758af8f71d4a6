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
	if _, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: &name}); err != nil {
		t.Fatal(err)
	}
	h.must(h.settled(*st.StackId), "DELETE_COMPLETE")
	if left := h.inventory(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
