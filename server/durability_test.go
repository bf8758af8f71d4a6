package server_test

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
)

//go:embed testdata/recorder.py
var recorderSource string

//go:embed testdata/stack.yaml
var stackTemplate string

// seed returns what a random test is to begin with: LAMGATE_TEST_SEED repeats
// one that failed.
func seed(t testing.TB) uint64 {
	n := rand.Uint64()
	if given, err := strconv.ParseUint(os.Getenv("LAMGATE_TEST_SEED"), 10, 64); err == nil {
		n = given
	}
	t.Logf("LAMGATE_TEST_SEED=%d", n)
	return n
}

// TestKilledServerLosesNothing kills the server at random moments, while clients
// deploy, store and invoke, and compares what the next one has with what the
// clients were told.
func TestKilledServerLosesNothing(t *testing.T) {
	duration := 20 * time.Second
	if testing.Short() {
		duration = 5 * time.Second
	}
	testKills(t, duration)
}

func testKills(t *testing.T, duration time.Duration) {
	random := rand.New(rand.NewPCG(seed(t), 0))
	home := newSite(t)
	l := &ledger{t: t, random: random, counter: [2]int{-1, -1}, functions: map[string]known{}, objects: map[string]string{}, events: map[string]bool{}, stacks: map[string]*stackRecord{}}
	p := home.start(t)
	p.createTestRole(t)
	mustCall[s3.CreateBucketOutput](t, p, &s3.Service, "CreateBucket", &s3.CreateBucketRequest{Bucket: new("events")})
	mustCall[s3.CreateBucketOutput](t, p, &s3.Service, "CreateBucket", &s3.CreateBucketRequest{Bucket: new("things")})
	must(createFunction(t.Context(), p, functionSpec{name: "recorder", code: python(t, recorderSource), timeout: 30}))(t)
	l.functions["recorder"] = there

	rounds, early := 0, 0
	for end := time.Now().Add(duration); time.Now().Before(end) && !t.Failed(); rounds++ {
		ctx, cancel := context.WithCancel(t.Context())
		var clients sync.WaitGroup
		for _, act := range []func(context.Context, *process) error{l.storeObject, l.countObject, l.changeFunction, l.sendEvent, l.changeStack, l.changeStack} {
			clients.Go(func() {
				for ctx.Err() == nil {
					if err := act(ctx, p); err != nil {
						if !unanswered(err) && ctx.Err() == nil {
							t.Errorf("round %d: %v", rounds, err)
						}
						return
					}
				}
			})
		}
		time.Sleep(time.Duration(50+l.intN(900)) * time.Millisecond)
		left := []trail{p.trail(t)}
		p.kill()
		cancel()
		clients.Wait()

		for l.intN(3) == 0 { // again, while it recovers
			early++
			next, ready := home.launch(t)
			if l.intN(2) == 0 {
				<-ready
			}
			time.Sleep(time.Duration(l.intN(60)) * time.Millisecond)
			left = append(left, next.trail(t))
			next.kill()
		}
		for _, r := range left {
			eventually(t, patience, func() error { return r.ended(t) })
		}
		p = home.start(t)
		for _, r := range left {
			if err := r.gone(t, home); err != nil {
				t.Errorf("round %d: %v", rounds, err)
			}
		}
		l.check(p)
	}
	l.settle(p)
	p.stop(t)
	t.Logf("%d kills while serving and %d while recovering; acknowledged: %d objects, %d events, %d stacks", rounds, early, len(l.objects), len(l.events), len(l.stacks))
}

// What is known of a thing.
type known int

const (
	unsure known = iota // whoever changed it was not answered
	there
	absent
)

// A ledger is what clients were told.
type ledger struct {
	t      *testing.T
	mu     sync.Mutex
	random *rand.Rand
	serial int

	objects   map[string]string // content by key
	counter   [2]int            // of one object that is written again and again: what was acknowledged, what was sent
	functions map[string]known
	events    map[string]bool // accepted
	stacks    map[string]*stackRecord
}

// A stackRecord is what is known of a stack.
type stackRecord struct {
	id      string
	busy    bool         // a client is at it
	outcome *stackResult // of the last operation that was acknowledged
	pending *stackResult // of one that was not, since
}

// A stackResult is how a stack ends.
type stackResult struct{ status, word string }

func (l *ledger) intN(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.random.IntN(n)
}

func (l *ledger) next() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serial++
	return l.serial
}

func (l *ledger) storeObject(ctx context.Context, p *process) error {
	key := fmt.Sprintf("thing-%d", l.next())
	content := strings.Repeat(key+"\n", 1+l.intN(20_000)) // some are larger than a chunk
	if err := putObject(ctx, p, "things", key, content); err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.objects[key] = content
	return nil
}

func (l *ledger) countObject(ctx context.Context, p *process) error {
	n := l.next()
	l.mu.Lock()
	l.counter[1] = n
	l.mu.Unlock()
	if err := putObject(ctx, p, "things", "counter", strconv.Itoa(n)); err != nil {
		return fmt.Errorf("put the counter: %w", err)
	}
	l.mu.Lock()
	l.counter[0] = n
	l.mu.Unlock()
	return nil
}

func (l *ledger) changeFunction(ctx context.Context, p *process) error {
	name := fmt.Sprintf("direct-%d", l.next())
	l.know(name, unsure)
	if _, err := createFunction(ctx, p, functionSpec{name: name, code: python(l.t, "def handler(event, context): return '"+name+"'")}); err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	l.know(name, there)
	if l.intN(4) > 0 {
		l.know(name, unsure)
		if err := deleteFunction(ctx, p, name); err != nil {
			return fmt.Errorf("delete %s: %w", name, err)
		}
		l.know(name, absent)
	}
	return nil
}

func (l *ledger) know(function string, k known) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.functions[function] = k
}

func (l *ledger) sendEvent(ctx context.Context, p *process) error {
	id := fmt.Sprintf("event-%d", l.next())
	r, err := invoke(ctx, p, "recorder", "Event", fmt.Sprintf(`{"id":%q}`, id))
	if err != nil {
		return fmt.Errorf("send %s: %w", id, err)
	}
	if *r.StatusCode != http.StatusAccepted {
		return fmt.Errorf("send %s: status %d", id, *r.StatusCode)
	}
	l.mu.Lock()
	l.events[id] = true
	l.mu.Unlock()
	time.Sleep(5 * time.Millisecond) // all of them are to be executed in the end
	return nil
}

// changeStack begins an operation on a stack and waits until it is over.
func (l *ledger) changeStack(ctx context.Context, p *process) error {
	l.mu.Lock()
	var name string
	var s *stackRecord
	for _, n := range slices.Sorted(maps.Keys(l.stacks)) {
		c := l.stacks[n]
		if !c.busy && c.outcome != nil && c.pending == nil && (c.outcome.status == "CREATE_COMPLETE" || c.outcome.status == "UPDATE_COMPLETE" || c.outcome.status == "UPDATE_ROLLBACK_COMPLETE") && l.random.IntN(2) == 0 {
			name, s = n, c
			break
		}
	}
	if s == nil {
		l.serial++
		name, s = fmt.Sprintf("stack-%d", l.serial), &stackRecord{}
		l.stacks[name] = s
	}
	s.busy = true
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		s.busy = false
	}()
	if s.id != "" {
		if err := l.rest(ctx, p, s); err != nil {
			return err
		}
	}
	if err := l.operate(ctx, p, name, s); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return l.rest(ctx, p, s)
}

func (l *ledger) operate(ctx context.Context, p *process, name string, s *stackRecord) error {
	word, broken := fmt.Sprintf("word-%d", l.next()), "no"
	if l.intN(4) == 0 {
		broken = "yes"
	}
	parameters := []cloudformation.Parameter{{ParameterKey: new("Word"), ParameterValue: &word}, {ParameterKey: new("Broken"), ParameterValue: &broken}}
	capabilities := []string{"CAPABILITY_IAM"}
	begin := func(r stackResult) {
		l.mu.Lock()
		defer l.mu.Unlock()
		s.pending = &r
	}
	var err error
	switch {
	case s.id == "":
		r := stackResult{"CREATE_COMPLETE", word}
		if broken == "yes" {
			r = stackResult{"ROLLBACK_COMPLETE", ""}
		}
		begin(r)
		var out *cloudformation.CreateStackOutput
		out, err = call[cloudformation.CreateStackOutput](ctx, p, &cloudformation.Service, "CreateStack", &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &stackTemplate, Parameters: parameters, Capabilities: capabilities})
		if err == nil {
			s.id = *out.StackId
		}
	case l.intN(3) == 0:
		begin(stackResult{"DELETE_COMPLETE", ""})
		_, err = call[struct{}](ctx, p, &cloudformation.Service, "DeleteStack", &cloudformation.DeleteStackInput{StackName: &s.id})
	default:
		r := stackResult{"UPDATE_COMPLETE", word}
		if broken == "yes" {
			r = stackResult{"UPDATE_ROLLBACK_COMPLETE", s.outcome.word}
		}
		begin(r)
		_, err = call[cloudformation.UpdateStackOutput](ctx, p, &cloudformation.Service, "UpdateStack", &cloudformation.UpdateStackInput{StackName: &s.id, UsePreviousTemplate: new(true), Parameters: parameters, Capabilities: capabilities})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		s.outcome, s.pending = s.pending, nil
	}
	return err
}

// rest waits until a stack stands still.
func (l *ledger) rest(ctx context.Context, p *process, s *stackRecord) error {
	for deadline := time.Now().Add(time.Minute); ; {
		status, err := stackStatus(ctx, p, s.id)
		if err != nil {
			return err
		}
		if !strings.HasSuffix(status, "_IN_PROGRESS") {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("stack %s is %s for a minute", s.id, status)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func stackStatus(ctx context.Context, p *process, stack string) (string, error) {
	out, err := call[cloudformation.DescribeStacksOutput](ctx, p, &cloudformation.Service, "DescribeStacks", &cloudformation.DescribeStacksInput{StackName: &stack})
	if err != nil {
		return "", err
	}
	if len(out.Stacks) != 1 {
		return "", fmt.Errorf("%d stacks are %s", len(out.Stacks), stack)
	}
	return *out.Stacks[0].StackStatus, nil
}

// check compares a server that has just started with the ledger.
func (l *ledger) check(p *process) {
	l.t.Helper()
	keys := objects(l.t, p, "things")
	for key := range l.objects {
		if !keys[key] {
			l.t.Errorf("the object %s is lost", key)
		}
	}
	if l.counter[0] >= 0 {
		got, err := getObject(l.t.Context(), p, "things", "counter")
		if n, _ := strconv.Atoi(got); err != nil || n < l.counter[0] || n > l.counter[1] {
			l.t.Errorf("the counter is %q (%v); acknowledged was %d, sent %d", got, err, l.counter[0], l.counter[1])
		}
	}
	have := functions(l.t, p)
	for name, k := range l.functions {
		if k == there && !have[name] {
			l.t.Errorf("the function %s is lost", name)
		}
		if k == absent && have[name] {
			l.t.Errorf("the function %s is back", name)
		}
	}
	for name, s := range l.stacks {
		if s.id == "" {
			continue
		}
		if status, err := stackStatus(l.t.Context(), p, s.id); err != nil {
			l.t.Errorf("the stack %s is lost: %v", name, err)
		} else if s.outcome.status == "DELETE_COMPLETE" && !strings.HasPrefix(status, "DELETE") {
			l.t.Errorf("the stack %s is %s, and its deletion was acknowledged", name, status)
		}
	}
}

// settle waits for what is still under way and compares everything.
func (l *ledger) settle(p *process) {
	t := l.t
	t.Helper()
	if t.Failed() {
		return
	}
	for key, content := range l.objects {
		if got, err := getObject(t.Context(), p, "things", key); got != content {
			t.Errorf("the object %s has %d bytes, not %d (%v)", key, len(got), len(content), err)
		}
	}
	wantFunctions, wantRoles, wantAPIs := map[string]bool{}, map[string]bool{"test": true}, map[string]bool{}
	for name, s := range l.stacks {
		l.settleStack(p, name, s, map[string]map[string]bool{"AWS::Lambda::Function": wantFunctions, "AWS::IAM::Role": wantRoles, "AWS::ApiGateway::RestApi": wantAPIs})
	}
	have := functions(t, p)
	for name, k := range l.functions {
		if k == there || k == unsure && have[name] {
			wantFunctions[name] = true
		}
	}
	compareSets(t, "functions", have, wantFunctions)
	compareSets(t, "roles", roles(t, p), wantRoles)
	compareSets(t, "APIs", apis(t, p), wantAPIs)

	eventually(t, 90*time.Second, func() error {
		have, lost := objects(t, p, "events"), 0
		for id := range l.events {
			if !have[id] {
				lost++
			}
		}
		if lost > 0 {
			return fmt.Errorf("%d of %d accepted events have not been executed", lost, len(l.events))
		}
		return nil
	})
}

// settleStack waits for a stack, compares how it ends with what its client was
// told, and adds what it holds to the sets of its types.
func (l *ledger) settleStack(p *process, name string, s *stackRecord, sets map[string]map[string]bool) {
	t := l.t
	t.Helper()
	if s.id == "" { // its creation was not answered; perhaps it is there
		if _, err := stackStatus(t.Context(), p, name); err != nil {
			if !aws.HasCode(err, "ValidationError") {
				t.Errorf("%s: %v", name, err)
			}
			return
		}
		s.id = name
	}
	if err := l.rest(t.Context(), p, s); err != nil {
		t.Error(err)
		return
	}
	status, err := stackStatus(t.Context(), p, s.id)
	if err != nil {
		t.Error(err)
		return
	}
	var end *stackResult
	for _, r := range []*stackResult{s.outcome, s.pending} {
		if r != nil && r.status == status {
			end = r
			if body := l.answer(p, s.id); r.word != "" && body == r.word {
				break
			}
		}
	}
	if end == nil {
		t.Errorf("%s is %s; acknowledged was %+v, and sent %+v", name, status, s.outcome, s.pending)
		return
	}
	if end.word != "" {
		if body := l.answer(p, s.id); body != end.word {
			t.Errorf("the API of %s, which is %s, answers %q instead of %q", name, status, body, end.word)
		}
	}
	held := 0
	for in := (&cloudformation.ListStackResourcesInput{StackName: &s.id}); ; {
		out := mustCall[cloudformation.ListStackResourcesOutput](t, p, &cloudformation.Service, "ListStackResources", in)
		for _, r := range out.StackResourceSummaries {
			if *r.ResourceStatus == "DELETE_COMPLETE" {
				continue
			}
			held++
			if set := sets[*r.ResourceType]; set != nil && r.PhysicalResourceId != nil {
				set[*r.PhysicalResourceId] = true
			}
		}
		if out.NextToken == nil {
			break
		}
		in.NextToken = out.NextToken
	}
	if end.word == "" && held > 0 {
		t.Errorf("%s is %s and still lists %d resources", name, status, held)
	}
}

// answer asks a stack's API.
func (l *ledger) answer(p *process, stack string) string {
	out, err := call[cloudformation.DescribeStacksOutput](l.t.Context(), p, &cloudformation.Service, "DescribeStacks", &cloudformation.DescribeStacksInput{StackName: &stack})
	if err != nil || len(out.Stacks) != 1 || len(out.Stacks[0].Outputs) != 1 {
		return fmt.Sprintf("no output: %v", err)
	}
	response, err := http.Get(p.url(*out.Stacks[0].Outputs[0].OutputValue))
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body) + errorText(err)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return " (" + err.Error() + ")"
}

func compareSets(t *testing.T, what string, have, want map[string]bool) {
	t.Helper()
	for name := range want {
		if !have[name] {
			t.Errorf("of the %s, %s is lost", what, name)
		}
	}
	for name := range have {
		if !want[name] {
			t.Errorf("of the %s, %s is left over", what, name)
		}
	}
}
