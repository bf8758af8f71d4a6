package rest

import (
	"net/http"
	"testing"

	"github.com/lamgate/lamgate/gateway/endpoint"
)

// What a request is cannot be told from a path: a role that may do one thing
// must not do all by it.
func TestOwnServicesNeedARoleForWhatIsNotKnown(t *testing.T) {
	const uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f"
	reached := 0
	s := &fakeService{answer: func(http.ResponseWriter, *http.Request) { reached++ }}
	h := newServiceHouse(t, s, "lambda", nil)
	h.role(gatewayService, may("lambda:GetFunction", "*"))
	h.deployMethod("/a", serviceTo("DELETE", uri))
	h.get("/v0/a").because("permission", "lambda:*")
	if reached != 0 {
		t.Fatal("the service was called")
	}
	h = newServiceHouse(t, s, "lambda", nil)
	h.role(gatewayService, may("lambda:*", "*"))
	h.deployMethod("/a", serviceTo("DELETE", uri))
	if h.get("/v0/a"); reached != 1 {
		t.Error("the service was not called")
	}
}

func TestARequestIsAskedForAsTheServiceReadsIt(t *testing.T) {
	for _, test := range []struct{ service, action, header, target, body, want string }{
		{"dynamodb", "GetItem", "", "/", `{"TableName":"a","tablename":"b"}`, "dynamodb:GetItem arn:aws:dynamodb:us-east-1:0:table/a"},
		{"dynamodb", "GetItem", "", "/", `{"TableName":"arn:aws:dynamodb:us-east-1:1:table/b"}`, "dynamodb:GetItem arn:aws:dynamodb:us-east-1:1:table/b"},
		{"dynamodb", "GetItem", "DynamoDB_20120810.DeleteItem", "/", `{}`, " "},
		{"sts", "GetCallerIdentity", "", "/?Action=GetCallerIdentity&Action=AssumeRole", "", " "},
		{"sts", "GetCallerIdentity", "", "/?Action=GetCallerIdentity", "", "sts:GetCallerIdentity "},
	} {
		c := &call{api: new(api), target: new(target)}
		c.api.Account = "0"
		u := &c.target.service
		u.Service, u.Region, u.Action = test.service, "us-east-1", test.action
		c.outgoing.body = []byte(test.body)
		if test.header != "" {
			c.outgoing.headers = []field{{"X-Amz-Target", test.header}}
		}
		action, resource := c.actionOf(&endpoint.Request{Method: "POST", Target: test.target})
		if got := action + " " + resource; got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}
