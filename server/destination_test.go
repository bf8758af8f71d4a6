package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/s3"
)

// TestKilledServerTellsOfEveryEvent kills the server while events fail and are
// told of: each that was accepted has its record in the end.
func TestKilledServerTellsOfEveryEvent(t *testing.T) {
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	random := rand.New(rand.NewPCG(seed(t), 0))
	home := newSite(t)
	p := home.start(t)
	p.createTestRole(t)
	mustCall[struct{}](t, p, &iam.Service, "PutRolePolicy", &iam.PutRolePolicyRequest{
		RoleName: new("test"), PolicyName: new("records"),
		PolicyDocument: new(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::records/*"}}`),
	})
	mustCall[s3.CreateBucketOutput](t, p, &s3.Service, "CreateBucket", &s3.CreateBucketRequest{Bucket: new("records")})
	must(createFunction(t.Context(), p, functionSpec{name: "failing", code: python(t, "def handler(event, context): raise ValueError(event['id'])\n")}))(t)
	mustCall[lambda.FunctionEventInvokeConfig](t, p, &lambda.Service, "PutFunctionEventInvokeConfig", &lambda.PutFunctionEventInvokeConfigRequest{
		FunctionName: new("failing"), MaximumRetryAttempts: new(int32(0)),
		DestinationConfig: &lambda.DestinationConfig{OnFailure: &lambda.OnFailure{Destination: new("arn:aws:s3:::records")}},
	})

	accepted := map[string]bool{}
	for round := range rounds {
		ctx, cancel := context.WithCancel(t.Context())
		var clients sync.WaitGroup
		clients.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				id := fmt.Sprintf("%d-%d", round, n)
				r, err := invoke(ctx, p, "failing", "Event", fmt.Sprintf(`{"id":%q}`, id))
				if err != nil {
					if !unanswered(err) && ctx.Err() == nil {
						t.Errorf("round %d: %v", round, err)
					}
					return
				}
				if *r.StatusCode == http.StatusAccepted {
					accepted[id] = true
				}
				time.Sleep(3 * time.Millisecond)
			}
		})
		time.Sleep(time.Duration(50+random.IntN(600)) * time.Millisecond)
		p.kill()
		cancel()
		clients.Wait()
		p = home.start(t)
	}
	told := map[string]bool{}
	read := map[string]bool{}
	eventually(t, 90*time.Second, func() error {
		for key := range objects(t, p, "records") {
			if read[key] {
				continue
			}
			if !strings.HasPrefix(key, "aws/lambda/async/failing/") {
				t.Fatalf("a record stands at %s", key)
			}
			var record struct {
				RequestPayload  struct{ ID string }
				ResponsePayload struct{ ErrorMessage string }
			}
			content, err := getObject(t.Context(), p, "records", key)
			if err == nil {
				err = json.Unmarshal([]byte(content), &record)
			}
			if err != nil || record.RequestPayload.ID == "" || record.ResponsePayload.ErrorMessage != record.RequestPayload.ID {
				t.Fatalf("%s: %v: %s", key, err, content)
			}
			read[key], told[record.RequestPayload.ID] = true, true
		}
		lost := 0
		for id := range accepted {
			if !told[id] {
				lost++
			}
		}
		if lost > 0 {
			return fmt.Errorf("of %d of %d accepted events nobody has been told", lost, len(accepted))
		}
		return nil
	})
	t.Logf("%d kills; %d events accepted, %d records", rounds, len(accepted), len(read))
	p.stop(t)
}
