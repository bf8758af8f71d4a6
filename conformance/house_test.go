package conformance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	ociregistry "github.com/google/go-containerregistry/pkg/registry"
)

const (
	region  = "us-east-1"
	account = "000000000000" // of an access key that is no account's number
)

// endpoint is the URL under test, set before any test runs.
var endpoint string

// give is how long a test waits for what AWS does in its own time.
const give = 30 * time.Second

func TestMain(m *testing.M) {
	os.Exit(func() int {
		if endpoint = strings.TrimSuffix(os.Getenv("LAMGATE_ENDPOINT"), "/"); endpoint != "" {
			return m.Run()
		}
		dir, err := os.MkdirTemp("", "lamgate-conformance-*")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		registry := httptest.NewServer(ociregistry.New(ociregistry.Logger(log.New(io.Discard, "", 0))))
		defer registry.Close()
		imageRegistry = strings.TrimPrefix(registry.URL, "http://")
		stop, err := startServer(dir)
		if err != nil {
			fmt.Fprintln(os.Stderr, "start lamgate:", err)
			return 1
		}
		status := m.Run()
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop lamgate:", err)
			return 1
		}
		return status
	}())
}

// startServer builds lamgate into dir, starts it there and sets endpoint.
func startServer(dir string) (stop func() error, err error) {
	binary := filepath.Join(dir, "lamgate")
	build := exec.Command("go", "build", "-o", binary, "../cmd/lamgate")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	server := exec.Command(binary, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--insecure-registry", imageRegistry)
	server.Stderr = os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	stop = func() error {
		if err := server.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		return server.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if word := strings.Fields(line); err == nil && len(word) > 1 && word[0] == "ready" {
		endpoint = word[1]
		return stop, nil
	}
	return nil, errors.Join(fmt.Errorf("its first line was %q", line), err, stop())
}

// config makes SDK clients that speak to the endpoint.
func config() aws.Config {
	return aws.Config{
		Region:           region,
		BaseEndpoint:     &endpoint,
		Credentials:      credentials.NewStaticCredentialsProvider("lamgate", "secret", ""),
		RetryMaxAttempts: 1,
		HTTPClient:       sdkClient,
	}
}

var sdkClient = &http.Client{Transport: plainBodies{&http.Transport{MaxIdleConnsPerHost: 8}}}

// plainBodies hides that the SDK's bodies can be asked to write themselves. The
// SDK closes them when the answer begins, net/http asks them once more, and an
// answer that was as fast as that ends in "use of closed network connection"
// (a known fault of the SDK, met by servers that answer within microseconds).
type plainBodies struct{ *http.Transport }

func (t plainBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.Clone(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return t.Transport.RoundTrip(r)
}

func apiGateway() *apigateway.Client         { return apigateway.NewFromConfig(config()) }
func cloudFormation() *cloudformation.Client { return cloudformation.NewFromConfig(config()) }
func logs() *cloudwatchlogs.Client           { return cloudwatchlogs.NewFromConfig(config()) }
func iamClient() *iam.Client                 { return iam.NewFromConfig(config()) }
func lambdaClient() *lambda.Client           { return lambda.NewFromConfig(config()) }
func stsClient() *sts.Client                 { return sts.NewFromConfig(config()) }
func s3Client() *s3.Client {
	return s3.NewFromConfig(config(), func(o *s3.Options) { o.UsePathStyle = true })
}

// names numbers what the tests make; the process's birth keeps runs apart.
var names struct {
	sync.Mutex
	last int
}

var birth = fmt.Sprintf("%x", time.Now().UnixMilli()%0xfffffff)

// aMomentAgo is a time that is surely past, in milliseconds.
func aMomentAgo() int64 { return time.Now().Add(-time.Second).UnixMilli() }

// uniqueName returns a name that nothing else has.
func uniqueName(prefix string) string {
	names.Lock()
	defer names.Unlock()
	names.last++
	return fmt.Sprintf("%s-%s-%d", prefix, birth, names.last)
}

// must returns v, or ends the test.
func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// wantFault demands of an error that it is AWS's, by its code and a part of its
// message.
func wantFault(t testing.TB, err error, code, message string) {
	t.Helper()
	var fault smithy.APIError
	switch {
	case err == nil:
		t.Errorf("no error, want %s: %s", code, message)
	case !errors.As(err, &fault):
		t.Errorf("%v, want %s: %s", err, code, message)
	case fault.ErrorCode() != code || !strings.Contains(fault.ErrorMessage(), message):
		t.Errorf("got  %s: %s\nwant %s: %s", fault.ErrorCode(), fault.ErrorMessage(), code, message)
	}
}

// eventually asks again and again until the answer is yes.
func eventually(t testing.TB, what string, ask func() bool) {
	t.Helper()
	deadline := time.NewTimer(give)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ask() {
		select {
		case <-deadline.C:
			t.Fatalf("not within %v: %s", give, what)
		case <-tick.C:
		}
	}
}

// cleanup is the context of what is removed after a test, whose own has ended.
func cleanup() context.Context { return context.Background() }

// client is a caller of APIs. It takes answers as they are.
var client = &http.Client{
	Timeout:       give,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 8},
}
