package wire_test

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// send makes a call by hand, signed for a service, and returns its answer.
func send(t *testing.T, server *httptest.Server, service, method, target, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if service != "" {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=00")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// faultOf reads a fault in any protocol's form.
func faultOf(t *testing.T, resp *http.Response, body string) (code, message string) {
	t.Helper()
	if strings.Contains(resp.Header.Get("Content-Type"), "xml") {
		var fault struct {
			Code, Message string
			Error         struct{ Code, Message string }
		}
		if err := xml.Unmarshal([]byte(body), &fault); err != nil {
			t.Fatalf("%v in %q", err, body)
		}
		return fault.Code + fault.Error.Code, fault.Message + fault.Error.Message
	}
	var fault struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal([]byte(body), &fault); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return resp.Header.Get("X-Amzn-Errortype") + fault.Type, fault.Message
}

const (
	patchOps      = "Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
	architectures = "Member must satisfy enum value set: [x86_64, arm64]"
)

// AWS: the words of every case are as recorded from the services.
func TestValidationSpeaksAsAWS(t *testing.T) {
	server := newServer(t, nil)
	for _, test := range []struct {
		name, service, method, target, body string
		code, message                       string
	}{
		{
			"a pattern, in the path", "lambda", "GET", "/2015-03-31/functions/invalid:function:name", "",
			"ValidationException",
			`1 validation error detected: Value 'invalid:function:name' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`,
		},
		{
			"a length", "lambda", "DELETE", "/2015-03-31/functions/" + strings.Repeat("a", 300), "",
			"ValidationException",
			`1 validation error detected: Value '` + strings.Repeat("a", 300) + `' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 256`,
		},
		{
			"a number", "lambda", "PUT", "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=1", `{"ProvisionedConcurrentExecutions":0}`,
			"ValidationException",
			`1 validation error detected: Value '0' at 'provisionedConcurrentExecutions' failed to satisfy constraint: Member must have value greater than or equal to 1`,
		},
		{
			"an enumeration in a nested member", "lambda", "POST", "/2015-03-31/functions", `{"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{},"SnapStart":{"ApplyOn":"invalidOption"}}`,
			"ValidationException",
			`1 validation error detected: Value 'invalidOption' at 'snapStart.applyOn' failed to satisfy constraint: Member must satisfy enum value set: [PublishedVersions, None]`,
		},
		{
			"the length of a list", "lambda", "POST", "/2015-03-31/functions", `{"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{},"Architectures":["x86_64","arm64"]}`,
			"ValidationException",
			`1 validation error detected: Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1`,
		},
		{
			"the elements of a list", "lambda", "POST", "/2018-10-31/layers/l/versions", `{"Content":{},"CompatibleArchitectures":["invalidarch","x86_64"]}`,
			"ValidationException",
			`1 validation error detected: Value '[invalidarch, x86_64]' at 'compatibleArchitectures' failed to satisfy constraint: Member must satisfy constraint: [` + architectures + `, Member must not be null]`,
		},
		{
			"elements that may be null", "lambda", "POST", "/2015-03-31/functions", `{"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r","Code":{},"VpcConfig":{"SubnetIds":["bad"]}}`,
			"ValidationException",
			`1 validation error detected: Value '[bad]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: subnet-[0-9a-z]*]`,
		},
		{
			"the values of a map", "lambda", "POST", "/2015-03-31/functions/f/aliases", `{"Name":"a","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":2}}}`,
			"ValidationException",
			`1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]`,
		},
		{
			"the keys of a map", "lambda", "POST", "/2015-03-31/functions/f/aliases", `{"Name":"a","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"$LATEST":0.5}}}`,
			"ValidationException",
			`1 validation error detected: Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]`,
		},
		{
			"what is required, in the query", "lambda", "DELETE", "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af", "",
			"ValidationException",
			`1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null`,
		},
		{
			"a pattern with a lookahead", "lambda", "POST", "/2015-03-31/functions/f/aliases", `{"Name":"2024","FunctionVersion":"1"}`,
			"ValidationException",
			`1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)`,
		},
		{
			"a member of the body", "apigateway", "PUT", "/restapis/a/resources/b/methods/GET/integration", `{"type":"HTTPS_PROXY"}`,
			"ValidationException",
			`1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]`,
		},
		{
			"first the body, then the path", "apigateway", "PATCH", "/restapis/a/resources/b/methods/GET/responses/wrong", `{"patchOperations":[{"op":"wrong_op","path":"/x"},{"op":"replace"}]}`,
			"ValidationException",
			`2 validation errors detected: Value 'wrong_op' at 'updateMethodResponseInput.patchOperations.1.member.op' failed to satisfy constraint: ` + patchOps + `; Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\d\d`,
		},
		{
			"a list beside its owner's next member", "apigateway", "POST", "/restapis", `{"name":"n","endpointConfiguration":{"types":["wrong"],"ipAddressType":"wrong"}}`,
			"ValidationException",
			`2 validation errors detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]; Value 'wrong' at 'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: Member must satisfy enum value set: [ipv4, dualstack]`,
		},
		{
			"a value of another kind", "apigateway", "PUT", "/restapis/a/resources/b/methods/GET/integration", `{"type":"HTTP","requestParameters":{"integration.request.header.x":true}}`,
			"SerializationException", `class java.lang.Boolean can not be converted to an String`,
		},
		{
			"a number for a string", "apigateway", "PUT", "/restapis/a/resources/b/methods/GET/integration/responses/200", `{"responseTemplates":{"application/json":123}}`,
			"SerializationException", `class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String`,
		},
		{
			"the Query protocol", "iam", "POST", "/", "Action=CreateRole&Version=2010-05-08&RoleName=" + url.QueryEscape("a b") + "&AssumeRolePolicyDocument=%7B%7D",
			"ValidationError", `1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`,
		},
		{
			"a list of structures in the Query protocol", "iam", "POST", "/", "Action=TagRole&Version=2010-05-08&RoleName=r&Tags.member.1.Key=k",
			"ValidationError", `1 validation error detected: Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null`,
		},
		{
			"S3 checks its input itself", "s3", "POST", "/bucket?delete", "",
			"MissingRequestBodyError", "Request Body is empty",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := []string{"Content-Type", "application/json"}
			if strings.HasPrefix(test.body, "Action=") {
				header[1] = "application/x-www-form-urlencoded"
			}
			resp, body := send(t, server, test.service, test.method, test.target, test.body, header...)
			code, message := faultOf(t, resp, body)
			if resp.StatusCode != http.StatusBadRequest || code != test.code || message != test.message {
				t.Errorf("got  %d %s: %s\nwant 400 %s: %s", resp.StatusCode, code, message, test.code, test.message)
			}
		})
	}
}
