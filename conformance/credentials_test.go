package conformance

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

// mayInvoke is a role's policy that lets it invoke functions.
func mayInvoke(resource string) string {
	return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "` + resource + `"}]}`
}

// newCredentialsAPI is an API that invokes a function as a role.
func newCredentialsAPI(t *testing.T, f *function, role string) *restAPI {
	a := newAPI(t)
	a.proxy("GET", "/", f, func(in *apigateway.PutIntegrationInput) { in.Credentials = &role })
	a.deploy("v0")
	return a
}

func TestARoleAloneLetsTheGatewayInvoke(t *testing.T) {
	f := newFunction(t, greeter)
	a := newCredentialsAPI(t, f, newRole(t, trustIn("apigateway.amazonaws.com"), mayInvoke(f.arn)))
	a.get("/v0/").want(t, http.StatusOK, "hello") // no permission was added
}

func TestARoleThatMayNotInvokeIsAnInternalErrorThoughTheFunctionAllows(t *testing.T) {
	f := newFunction(t, greeter)
	role := newRole(t, trustIn("apigateway.amazonaws.com"), "")
	a := newCredentialsAPI(t, f, role)
	f.permit(a.sourceARN("*"))
	a.get("/v0/").wantInternalError(t)
	putRolePolicy(t, role, mayInvoke("*"))
	a.get("/v0/").want(t, http.StatusOK, "hello")
	putRolePolicy(t, role, mayInvoke(f.arn+"-other"))
	a.get("/v0/").wantInternalError(t)
}

func TestARoleThatDoesNotTrustTheGatewayIsAnInternalErrorThoughTheFunctionAllows(t *testing.T) {
	f := newFunction(t, greeter)
	a := newCredentialsAPI(t, f, newRole(t, trustIn("lambda.amazonaws.com"), mayInvoke("*")))
	f.permit(a.sourceARN("*"))
	a.get("/v0/").wantInternalError(t)
}

func TestARoleThatDoesNotExistIsAnInternalError(t *testing.T) {
	f := newFunction(t, greeter)
	a := newCredentialsAPI(t, f, "arn:aws:iam::"+account+":role/"+uniqueName("nobody"))
	f.permit(a.sourceARN("*"))
	a.get("/v0/").wantInternalError(t)
}

func TestARolesDenialBeatsItsAllowance(t *testing.T) {
	f := newFunction(t, greeter)
	role := newRole(t, trustIn("apigateway.amazonaws.com"), `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"},
		{"Effect": "Deny", "Action": "lambda:Invoke*", "Resource": "`+f.arn+`"}]}`)
	newCredentialsAPI(t, f, role).get("/v0/").wantInternalError(t)
}
