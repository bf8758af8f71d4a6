package rest

import (
	"net/http"
	"strings"
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

// needsFor tells what a request to a service needs, as its role is asked for it.
func needsFor(service, action string, q *endpoint.Request, body string, own bool, headers ...field) string {
	c := new(call)
	c.api, c.target = new(api), new(target)
	c.api.Account = "0"
	u := &c.target.service
	u.Service, u.Region, u.Action = service, "us-east-1", action
	u.Subdomain, u.Service = "", service
	if bucket, ok := strings.CutSuffix(service, ".s3"); ok {
		u.Subdomain, u.Service = bucket, "s3"
	}
	c.outgoing.body, c.outgoing.headers = []byte(body), headers
	var list []string
	for _, n := range c.needsOf(q, own) {
		list = append(list, strings.TrimSuffix(n.action+" "+n.resource, " "))
	}
	return strings.Join(list, ", ")
}

func TestARequestIsAskedForAsTheServiceReadsIt(t *testing.T) {
	for _, test := range []struct{ service, action, header, target, body, want string }{
		{"dynamodb", "GetItem", "", "/", `{"TableName":"a","tablename":"b"}`, "dynamodb:GetItem arn:aws:dynamodb:us-east-1:0:table/a"},
		{"dynamodb", "GetItem", "", "/", `{"TableName":"arn:aws:dynamodb:us-east-1:1:table/b"}`, "dynamodb:GetItem arn:aws:dynamodb:us-east-1:1:table/b"},
		{"dynamodb", "Query", "", "/", `{"TableName":"a","IndexName":"i"}`, "dynamodb:Query arn:aws:dynamodb:us-east-1:0:table/a/index/i"},
		{"dynamodb", "BatchWriteItem", "", "/", `{"TableName":"a","RequestItems":{"b":[]}}`, "dynamodb:BatchWriteItem"},
		{"dynamodb", "GetItem", "X-Amz-Target: DynamoDB_20120810.DeleteItem", "/", `{}`, "dynamodb:*"},
		{"dynamodb", "", "X-Amz-Target: DynamoDB_20120810.GetItem", "/", `{}`, "dynamodb:GetItem"},
		{"sts", "GetCallerIdentity", "", "/?Action=GetCallerIdentity&Action=AssumeRole", "", "sts:*"},
		{"sts", "GetCallerIdentity", "", "/?Action=GetCallerIdentity", "", "sts:GetCallerIdentity"},
		// A body that is passed through, whatever type the caller gives it.
		{"iam", "ListUsers", "Content-Type: application/json", "/?Action=ListUsers", "Action=DeleteUser", "iam:*"},
		{"iam", "ListUsers", "Content-Encoding: gzip", "/?Action=ListUsers", "\x1f\x8b", "iam:*"},
		{"iam", "ListUsers", "", "/?Action=ListUsers", `{"a":1}`, "iam:ListUsers"},
		// What goes by method and path is not told by what claims to be an action.
		{"lambda", "", "", "/2015-03-31/functions/f?Action=GetFunction", "", "lambda:*"},
		{"lambda", "", "X-Amz-Target: A.GetFunction", "/2015-03-31/functions/f", "", "lambda:*"},
		{"sqs", "", "", "/0/jobs", "Action=SendMessage", "sqs:SendMessage arn:aws:sqs:us-east-1:0:jobs"},
		{"sqs", "SendMessage", "", "/?Action=SendMessage&QueueUrl=https%3A%2F%2Fsqs%2F0%2Fjobs", "", "sqs:SendMessage arn:aws:sqs:us-east-1:0:jobs"},
		{"sqs", "", "", "/0/jobs", "Action=SendMessage&QueueUrl=http://sqs/0/others", "sqs:SendMessage"},
		{"sqs", "", "X-Amz-Target: AmazonSQS.SendMessage", "/0/jobs", `{"QueueUrl":"http://sqs/0/others"}`, "sqs:SendMessage"},
	} {
		var headers []field
		if name, value, ok := strings.Cut(test.header, ": "); ok {
			headers = []field{{name, value}}
		}
		if got := needsFor(test.service, test.action, &endpoint.Request{Method: "POST", Target: test.target}, test.body, true, headers...); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
	// The first of two targets counts, or the second.
	if got := needsFor("logs", "", &endpoint.Request{Method: "POST", Target: "/"}, "", true, field{"X-Amz-Target", "Logs.DeleteLogGroup"}, field{"X-Amz-Target", "Logs.ListTagsForResource"}); got != "logs:*" {
		t.Error(got)
	}
}

func TestRequestsToS3AreAskedForByTheirPart(t *testing.T) {
	const o = "arn:aws:s3:::b/"
	for _, test := range []struct{ service, request, header, want string }{
		{"s3", "GET /", "", "s3:ListAllMyBuckets *"},
		{"s3", "GET /b", "", "s3:ListBucket arn:aws:s3:::b"},
		{"s3", "GET /b/?list-type=2&prefix=x", "", "s3:ListBucket arn:aws:s3:::b"},
		{"s3", "HEAD /b/k%20e/y", "", "s3:GetObject " + o + "k e/y"},
		{"s3", "PUT /b", "", "s3:CreateBucket arn:aws:s3:::b"},
		{"b.s3", "PUT /k", "", "s3:PutObject " + o + "k"},
		{"B.s3", "GET /k", "", "s3:GetObject " + o + "k"},
		{"s3", "DELETE /b/k", "", "s3:DeleteObject " + o + "k"},
		{"b.s3", "DELETE /", "", "s3:DeleteBucket arn:aws:s3:::b"},
		{"s3", "POST /b/k", "", "s3:*"},

		{"s3", "GET /b/k?acl", "", "s3:GetObjectAcl " + o + "k"},
		{"s3", "GET /b/k?acl=", "", "s3:GetObjectAcl " + o + "k"},
		{"s3", "GET /b/k?%61cl=1", "", "s3:GetObjectAcl " + o + "k"},
		{"s3", "PUT /b/k?tagging", "", "s3:PutObjectTagging " + o + "k"},
		{"s3", "GET /b/k?tagging&versionId=1", "", "s3:GetObjectVersionTagging " + o + "k"},
		{"s3", "GET /b/k?versionId=1", "", "s3:GetObjectVersion " + o + "k"},
		{"s3", "GET /b/k?versionId=", "", "s3:*"},
		{"s3", "DELETE /b/k?versionId=1", "", "s3:DeleteObjectVersion " + o + "k"},
		{"s3", "GET /b/k?uploadId=1&max-parts=2", "", "s3:ListMultipartUploadParts " + o + "k"},
		{"s3", "PUT /b/k?uploadId=1&partNumber=2", "", "s3:PutObject " + o + "k"},
		{"s3", "DELETE /b/k?uploadId=1", "", "s3:AbortMultipartUpload " + o + "k"},
		{"s3", "POST /b/k?uploads", "", "s3:PutObject " + o + "k"},
		{"s3", "GET /b?uploads", "", "s3:ListBucketMultipartUploads arn:aws:s3:::b"},
		{"s3", "GET /b?policy", "", "s3:GetBucketPolicy arn:aws:s3:::b"},
		{"s3", "POST /b?delete", "", "s3:DeleteObject, s3:DeleteObjectVersion"},
		{"s3", "GET /b/k?unheard", "", "s3:*"},
		{"s3", "GET /b/k?a;acl", "", "s3:*"},
		{"s3", "GET /b?acl&policy", "", "s3:*"},

		{"s3", "PUT /b/k", "X-Amz-Copy-Source: /c/x%20y", "s3:PutObject " + o + "k, s3:GetObject arn:aws:s3:::c/x y"},
		{"s3", "PUT /b/k", "x-amz-copy-source: c/x?versionId=1", "s3:PutObject " + o + "k, s3:GetObjectVersion arn:aws:s3:::c/x"},
		{"s3", "PUT /b/k", "x-amz-copy-source: arn:aws:s3:us-east-1:0:accesspoint/a/object/x", "s3:*"},
		{"s3", "PUT /b/k", "x-amz-acl: public-read", "s3:PutObject " + o + "k, s3:PutObjectAcl " + o + "k"},

		// A key is no path, and a bucket has no slash.
		{"s3", "GET /b/a/../k", "", "s3:GetObject " + o + "a/../k"},
		{"s3", "GET /b/a/%2e%2E/k", "", "s3:GetObject " + o + "a/../k"},
		{"s3", "GET /b/a//k/", "", "s3:GetObject " + o + "a//k/"},
		{"s3", "GET /b%2Fc/k", "", "s3:*"},
		{"s3", "GET //b/k", "", "s3:*"},
	} {
		method, target, _ := strings.Cut(test.request, " ")
		var headers []field
		if name, value, ok := strings.Cut(test.header, ": "); ok {
			headers = []field{{name, value}}
		}
		if got := needsFor(test.service, "", &endpoint.Request{Method: method, Target: target}, "", true, headers...); got != test.want {
			t.Errorf("%s %s %s: %s, want %s", test.service, test.request, test.header, got, test.want)
		}
	}
	// Another server may think that a key is a path.
	for _, target := range []string{"/b/a/../k", "/b/a/%2e%2e/k", "/b/a/..%2fk", "/b/a//k", "/b/a/./k", `/b/a%5c..%5ck`} {
		if got := needsFor("s3", "", &endpoint.Request{Method: "GET", Target: target}, "", false); got != "s3:*" {
			t.Errorf("%s at an endpoint: %s", target, got)
		}
	}
}
