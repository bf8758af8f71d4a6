package conformance

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func TestWithoutPermissionTheGatewayCannotInvoke(t *testing.T) {
	f := newFunction(t, greeter)
	a := newAPI(t)
	a.proxy("GET", "/", f)
	a.deploy("v0")
	a.get("/v0/").wantInternalError(t)
	f.permit(a.sourceARN("v0/GET/"))
	a.get("/v0/").want(t, http.StatusOK, "hello")
}

func TestPermissionTakenBackIsGoneAtTheNextRequest(t *testing.T) {
	f := newFunction(t, greeter)
	a := newAPI(t)
	a.proxy("GET", "/", f)
	a.deploy("v0")
	add := &lambda.AddPermissionInput{FunctionName: &f.name, StatementId: aws.String("gateway"), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("apigateway.amazonaws.com"), SourceArn: aws.String(a.sourceARN("*"))}
	if _, err := lambdaClient().AddPermission(t.Context(), add); err != nil {
		t.Fatal(err)
	}
	a.get("/v0/").want(t, http.StatusOK, "hello")
	if _, err := lambdaClient().RemovePermission(t.Context(), &lambda.RemovePermissionInput{FunctionName: &f.name, StatementId: add.StatementId}); err != nil {
		t.Fatal(err)
	}
	a.get("/v0/").wantInternalError(t)
}

// What a SourceArn lets in. A method ANY and a resource {param} are matched
// under the words ANY and {param}: of the patterns that a guide shows, one that
// spells out ANY lets no request of another method's own in.
func TestASourceARNLetsInWhatItMatches(t *testing.T) {
	f := newFunction(t, greeter)
	a := newAPI(t)
	a.proxy("GET", "/", f)
	a.proxy("ANY", "/user", f)
	a.proxy("GET", "/pets/{id}", f)
	a.deploy("prod")
	a.deploy("default")
	type request struct{ method, path string }
	root, user, pet := request{"GET", "/prod/"}, request{"GET", "/prod/user"}, request{"GET", "/prod/pets/7"}
	other := request{"GET", "/default/"}
	for _, c := range []struct {
		pattern string
		in      []request
	}{
		{"*", []request{root, user, pet, other}},
		{"*/*/*", []request{root, user, pet, other}},
		{"*/GET/*", []request{root, pet, other}},
		{"prod/*/*", []request{root, user, pet}},
		{"default/GET/", []request{other}},
		{"prod/GET/", []request{root}},
		{"prod/*/user", []request{user}},
		{"prod/ANY/user", nil},
		{"prod/GET/pets/*", []request{pet}},
		{"prod/GET/pets/{id}", nil},
		{"prod/POST/*", nil},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			f.permitDuring(t, a.sourceARN(c.pattern), func() {
				for _, r := range []request{root, user, pet, other} {
					want := http.StatusInternalServerError
					for _, in := range c.in {
						if in == r {
							want = http.StatusOK
						}
					}
					if got := a.ask(r.method, r.path, ""); got.status != want {
						t.Errorf("%s %s: %d, want %d", r.method, r.path, got.status, want)
					}
				}
			})
		})
	}
}

// permitDuring holds a permission while f runs.
func (f *function) permitDuring(t *testing.T, sourceARN string, run func()) {
	t.Helper()
	id := aws.String(uniqueName("s"))
	_, err := lambdaClient().AddPermission(t.Context(), &lambda.AddPermissionInput{
		FunctionName: &f.name, StatementId: id, Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("apigateway.amazonaws.com"), SourceArn: &sourceARN,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := lambdaClient().RemovePermission(t.Context(), &lambda.RemovePermissionInput{FunctionName: &f.name, StatementId: id}); err != nil {
			t.Error(err)
		}
	}()
	run()
}

func TestAnotherAPIsPermissionIsNone(t *testing.T) {
	f := newFunction(t, greeter)
	a, b := newAPI(t), newAPI(t)
	for _, api := range []*restAPI{a, b} {
		api.proxy("GET", "/", f)
		api.deploy("v0")
	}
	f.permit(a.sourceARN("*"))
	a.get("/v0/").want(t, http.StatusOK, "hello")
	b.get("/v0/").wantInternalError(t)
}

func TestAPermissionForAnotherServiceIsNone(t *testing.T) {
	f := newFunction(t, greeter)
	a := newAPI(t)
	a.proxy("GET", "/", f)
	a.deploy("v0")
	_, err := lambdaClient().AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: &f.name, StatementId: aws.String("s3"),
		Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("s3.amazonaws.com")})
	if err != nil {
		t.Fatal(err)
	}
	a.get("/v0/").wantInternalError(t)
}

func TestTheFunctionsPermissionIsNotItsAliass(t *testing.T) {
	f := newFunction(t, greeter, func(in *lambda.CreateFunctionInput) { in.Publish = true })
	alias, err := lambdaClient().CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: &f.name, Name: aws.String("live"), FunctionVersion: aws.String("1")})
	if err != nil {
		t.Fatal(err)
	}
	a := newAPI(t)
	a.method("GET", "/")
	a.integrate("GET", "/", *alias.AliasArn)
	a.deploy("v0")
	f.permit(a.sourceARN("*"))
	a.get("/v0/").wantInternalError(t)
	_, err = lambdaClient().AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: &f.name, Qualifier: aws.String("live"), StatementId: aws.String("gateway"),
		Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("apigateway.amazonaws.com"), SourceArn: aws.String(a.sourceARN("*"))})
	if err != nil {
		t.Fatal(err)
	}
	a.get("/v0/").want(t, http.StatusOK, "hello")
}
