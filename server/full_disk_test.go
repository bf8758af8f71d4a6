package server_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
)

// fill writes until no byte is left, and returns the file that holds them.
func fill(t *testing.T, disk string) (ballast string) {
	t.Helper()
	f, err := os.Create(filepath.Join(disk, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return f.Name()
}

const echoSource = `
def handler(event, context):
    print("x" * 1000)
    return {"statusCode": 200, "body": "echo"}
`

// TestFullDisk fills the disk of a server that serves, and makes room again.
func TestFullDisk(t *testing.T) {
	home := newSite(t)
	smallDisk(t, home.data, "size=160m")
	p := home.start(t)
	p.createTestRole(t)
	must(createFunction(t.Context(), p, functionSpec{name: "echo", code: python(t, echoSource)}))(t)
	path := p.deployAPI(t, "echo")
	mustCall[s3.CreateBucketOutput](t, p, &s3.Service, "CreateBucket", &s3.CreateBucketRequest{Bucket: new("things")})
	if err := putObject(t.Context(), p, "things", "before", "before"); err != nil {
		t.Fatal(err)
	}
	serves := func() {
		t.Helper()
		for range 20 {
			response, err := http.Get(p.url(path))
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			if response.StatusCode != http.StatusOK || string(body) != "echo" {
				t.Fatalf("the API answers %s: %s", response.Status, body)
			}
		}
	}
	serves()
	ballast := fill(t, home.data)

	refused := func(what string, err error) {
		t.Helper()
		f := aws.AsFault(err)
		if f == nil || f.Status != http.StatusInsufficientStorage || f.Code != "InsufficientStorage" || !strings.Contains(f.Message, "disk") {
			t.Errorf("%s on a full disk: %v", what, err)
		}
	}
	// The store does not ask the file system at every write.
	eventually(t, 10*time.Second, func() error {
		if err := putObject(t.Context(), p, "things", "during", "during"); err == nil {
			return errors.New("there is room")
		}
		return nil
	})
	refused("PutObject", putObject(t.Context(), p, "things", "during", "during"))
	_, err := createFunction(t.Context(), p, functionSpec{name: "another", code: python(t, echoSource)})
	refused("CreateFunction", err)
	_, err = invoke(t.Context(), p, "echo", "Event", `{}`)
	refused("Invoke of type Event", err)
	_, err = call[cloudformation.CreateStackOutput](t.Context(), p, &cloudformation.Service, "CreateStack", &cloudformation.CreateStackInput{
		StackName: new("another"), TemplateBody: new(`{"Resources":{"Group":{"Type":"AWS::Logs::LogGroup"}}}`),
	})
	refused("CreateStack", err)
	if cli, err := exec.LookPath("aws"); err == nil {
		c := exec.Command(cli, "--endpoint-url", p.url(""), "iam", "create-role", "--role-name", "another", "--assume-role-policy-document", trust)
		c.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+testAccount, "AWS_SECRET_ACCESS_KEY=secret", "AWS_DEFAULT_REGION="+testRegion)
		out, err := c.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "(InsufficientStorage)") || !strings.Contains(string(out), "full") {
			t.Errorf("the AWS CLI says on a full disk: %s (%v)", out, err)
		}
	}
	serves()
	r, err := invoke(t.Context(), p, "echo", "RequestResponse", `{}`)
	if err != nil || r.FunctionError != nil {
		t.Errorf("an invocation on a full disk: %v %v", err, r)
	}
	if got, err := getObject(t.Context(), p, "things", "before"); got != "before" {
		t.Errorf("a read on a full disk: %q, %v", got, err)
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, func() error { return putObject(t.Context(), p, "things", "after", "after") })
	serves()
	p.stop(t)

	// A start on a full disk is refused, or serves what there is.
	ballast = fill(t, home.data)
	p, ready := home.launch(t)
	if line, ok := <-ready; ok {
		t.Logf("started on a full disk: %s", strings.TrimSpace(line))
		if got, err := getObject(t.Context(), p, "things", "after"); got != "after" {
			t.Errorf("a read after a start on a full disk: %q, %v", got, err)
		}
		p.stop(t)
	} else {
		<-p.exited
		if !strings.Contains(p.stderr.String(), "space") {
			t.Errorf("a start on a full disk ends without saying so: %s", p.stderr)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	p = home.start(t)
	if got, err := getObject(t.Context(), p, "things", "after"); got != "after" {
		t.Errorf("after there is room again: %q, %v", got, err)
	}
	p.stop(t)
}
