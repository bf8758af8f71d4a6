package cloudformation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/state"
)

var errKilled = errors.New("the server is killed")

// mortal is a store whose server is killed at its n-th write: that one still
// reaches the disk, or does not, and its writer never hears of it.
type mortal struct {
	state.Documents
	mu      sync.Mutex
	left    int
	reaches bool
	dead    bool
}

// spend reports whether a write reaches the disk, and whether its writer lives
// to hear of it.
func (m *mortal) spend() (reaches, lives bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return false, false
	}
	if m.left--; m.left > 0 {
		return true, true
	}
	m.dead = true
	return m.reaches, false
}

func (m *mortal) Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	reaches, lives := m.spend()
	var next uint64
	var err error
	if reaches {
		next, err = m.Documents.Put(ctx, key, value, revision)
	}
	if !lives {
		return 0, errKilled
	}
	return next, err
}

func (m *mortal) Delete(ctx context.Context, key string, revision uint64) error {
	reaches, lives := m.spend()
	var err error
	if reaches {
		err = m.Documents.Delete(ctx, key, revision)
	}
	if !lives {
		return errKilled
	}
	return err
}

// killAtEveryWrite runs an operation once for every write that it takes, kills
// the server at that write, restarts it and hands the house to check. ready
// prepares a house.
func killAtEveryWrite(t *testing.T, ready func(*house), operation func(*house) error, check func(*house)) {
	t.Parallel()
	for _, reaches := range []bool{false, true} {
		for n := 1; ; n++ {
			name := fmt.Sprintf("write %d, lost", n)
			if reaches {
				name = fmt.Sprintf("write %d, unheard of", n)
			}
			died := false
			t.Run(name, func(t *testing.T) {
				h := build(t)
				ready(h)
				disk := h.config.Documents
				m := &mortal{Documents: disk, left: n, reaches: reaches}
				h.Service.Close()
				h.config.Documents = m
				h.start()
				err := operation(h)
				h.settleUnless(m)
				m.mu.Lock()
				died = m.dead
				m.mu.Unlock()
				if !died && err != nil {
					t.Fatal(err)
				}
				h.Service.Close()
				h.config.Documents = disk
				h.start()
				check(h)
			})
			if !died || t.Failed() {
				break
			}
		}
	}
}

// settleUnless waits until every stack stands still or the server is dead.
func (h *house) settleUnless(m *mortal) {
	h.t.Helper()
	for {
		m.mu.Lock()
		dead := m.dead
		m.mu.Unlock()
		if dead {
			return
		}
		moving := false
		out, err := h.DescribeStacks(h.ctx, &api.DescribeStacksInput{})
		if err != nil {
			h.t.Fatal(err)
		}
		for _, st := range out.Stacks {
			moving = moving || strings.HasSuffix(*st.StackStatus, "_IN_PROGRESS") && *st.StackStatus != "REVIEW_IN_PROGRESS"
		}
		if !moving {
			return
		}
	}
}

// cleared deletes the stack, if there is one, and expects nothing to be left.
func (h *house) cleared(name string) {
	h.t.Helper()
	if _, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: &name}); err != nil {
		h.t.Fatal(err)
	}
	for {
		out, err := h.DescribeStacks(h.ctx, &api.DescribeStacksInput{})
		if err != nil {
			h.t.Fatal(err)
		}
		if len(out.Stacks) == 0 {
			break
		}
		h.must(h.settled(*out.Stacks[0].StackId), "DELETE_COMPLETE")
	}
	if left := h.inventory(); len(left) > 0 {
		h.t.Errorf("left behind: %q", left)
	}
}

// standing returns the status of a stack once it stands still, "" without one.
func (h *house) standing(name string) string {
	h.t.Helper()
	out, err := h.DescribeStacks(h.ctx, &api.DescribeStacksInput{})
	if err != nil {
		h.t.Fatal(err)
	}
	if len(out.Stacks) == 0 {
		return ""
	}
	return *h.settled(name).StackStatus
}

func TestKilledWhileCreating(t *testing.T) {
	name, body := "killed", read(t, "proxy.yaml")
	killAtEveryWrite(t, func(*house) {}, func(h *house) error {
		_, err := h.CreateStack(h.ctx, &api.CreateStackInput{StackName: &name, TemplateBody: &body, Capabilities: []string{"CAPABILITY_IAM"}})
		return err
	}, func(h *house) {
		if status := h.standing(name); status != "" && status != "CREATE_COMPLETE" {
			h.t.Errorf("stack is in %s: %q", status, h.events(name))
		}
		h.cleared(name)
	})
}

func TestKilledWhileUpdating(t *testing.T) {
	name, body := "killed", read(t, "proxy.yaml")
	// Everything that an update can be: a function changed in place, a
	// deployment and a role replaced, a model gone, a log group added.
	after := strings.NewReplacer(
		"Hello, World!", "Goodbye!", "MemorySize: 256", "MemorySize: 512", "Path: '/'\n      Policies", "Path: '/apis/'\n      Policies",
		"  Anything:\n    Type: AWS::ApiGateway::Model\n    Properties:\n      ContentType: 'application/json'\n      RestApiId: !Ref Api\n      Schema: {}\n", "  Lines: {Type: AWS::Logs::LogGroup}\n",
	).Replace(body)
	killAtEveryWrite(t, func(h *house) { h.must(h.create(name, body), "CREATE_COMPLETE") }, func(h *house) error {
		_, err := h.UpdateStack(h.ctx, &api.UpdateStackInput{StackName: &name, TemplateBody: &after, Capabilities: []string{"CAPABILITY_IAM"}})
		return err
	}, func(h *house) {
		status := h.standing(name)
		if status != "CREATE_COMPLETE" && status != "UPDATE_COMPLETE" {
			h.t.Errorf("stack is in %s: %q", status, h.events(name))
		}
		if n := len(h.inventory()); n != 5 && status == "CREATE_COMPLETE" || n != 6 && status == "UPDATE_COMPLETE" {
			h.t.Errorf("in %s there is %q", status, h.inventory())
		}
		h.cleared(name)
	})
}

func TestKilledWhileRollingBackAnUpdate(t *testing.T) {
	name, body := "killed", read(t, "proxy.yaml")
	// The stage asks for a deployment that does not exist, when everything else
	// has been changed.
	after := strings.NewReplacer(
		"MemorySize: 256", "MemorySize: 512", "Path: '/'\n      Policies", "Path: '/apis/'\n      Policies",
		"DeploymentId: !Ref Deployment", "DeploymentId: !Join ['', [!Ref Deployment, x]]",
	).Replace(body)
	killAtEveryWrite(t, func(h *house) { h.must(h.create(name, body), "CREATE_COMPLETE") }, func(h *house) error {
		_, err := h.UpdateStack(h.ctx, &api.UpdateStackInput{StackName: &name, TemplateBody: &after, Capabilities: []string{"CAPABILITY_IAM"}})
		return err
	}, func(h *house) {
		if status := h.standing(name); status != "CREATE_COMPLETE" && status != "UPDATE_ROLLBACK_COMPLETE" {
			h.t.Errorf("stack is in %s: %q", status, h.events(name))
		}
		if inventory := h.inventory(); len(inventory) != 5 {
			h.t.Errorf("there is %q", inventory)
		}
		h.cleared(name)
	})
}

func TestKilledWhileDeleting(t *testing.T) {
	name, body := "killed", read(t, "proxy.yaml")
	killAtEveryWrite(t, func(h *house) { h.must(h.create(name, body), "CREATE_COMPLETE") }, func(h *house) error {
		_, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: &name})
		return err
	}, func(h *house) { h.cleared(name) })
}
