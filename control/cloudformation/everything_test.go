package cloudformation_test

import (
	"archive/zip"
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	api "github.com/lamgate/lamgate/api/cloudformation"
	lambdaapi "github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/control/cloudformation/resource"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

func packed(t *testing.T, name, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err == nil {
		_, err = f.Write([]byte(text))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryResourceTypeAndProperty(t *testing.T) {
	h := build(t)
	h.put("packages", "code.zip", packed(t, "index.js", "exports.handler = async () => 1"))
	h.put("packages", "api.json", `{"swagger": "2.0", "info": {"title": "from-bucket", "version": "1"}, "paths": {}}`)
	before := h.inventory()
	body := read(t, "everything.yaml")
	st := h.create("all", body)
	h.must(st, "CREATE_COMPLETE")
	want := map[string]string{
		"Alias":   "arn:aws:lambda:us-east-1:000000000000:function:everything:live",
		"Version": "arn:aws:lambda:us-east-1:000000000000:function:everything:1",
		"Managed": "arn:aws:iam::000000000000:policy/everything/everything",
		"Model":   "Thing", "Stage": "late",
		"Role":   "arn:aws:iam::000000000000:role/everything/everything",
		"Group":  "arn:aws:logs:us-east-1:000000000000:log-group:everything:*",
		"Bucket": "arn:aws:s3:::everything",
	}
	for _, o := range st.Outputs {
		if w := want[*o.OutputKey]; w != "" && w != *o.OutputValue {
			t.Errorf("%s is %s, want %s", *o.OutputKey, *o.OutputValue, w)
		}
	}
	t.Run("nothing to update", func(t *testing.T) {
		_, err := h.UpdateStack(h.ctx, &api.UpdateStackInput{StackName: new("all"), TemplateBody: &body, Capabilities: []string{"CAPABILITY_NAMED_IAM"}})
		refused(t, err, "ValidationError", "No updates are to be performed.")
	})
	t.Run("tags of the stack", func(t *testing.T) {
		_, err := h.UpdateStack(h.ctx, &api.UpdateStackInput{
			StackName: new("all"), TemplateBody: &body, Capabilities: []string{"CAPABILITY_NAMED_IAM"},
			Tags: []api.Tag{{Key: new("owner"), Value: new("me")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		h.must(h.settled("all"), "UPDATE_COMPLETE")
	})
	if _, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: new("all")}); err != nil {
		t.Fatal(err)
	}
	h.must(h.settled(*st.StackId), "DELETE_COMPLETE")
	if left := h.inventory(); !slices.Equal(left, before) {
		t.Errorf("left behind: %q", left)
	}
}

// A property that the tables promise and no test deploys may be dropped in
// silence.
func TestEveryPropertyIsDeployedByATest(t *testing.T) {
	used := map[string]bool{}
	for _, name := range []string{"everything.yaml", "lambda.yaml", "proxy.yaml"} {
		root, err := template.Read(read(t, name))
		if err != nil {
			t.Fatal(err)
		}
		tpl, err := template.New(root)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range tpl.Resources {
			used[r.Type] = true
			note(used, r.Type, r.Properties)
		}
	}
	// What cannot stand beside the others: see TestAliasWithTwoVersions, or a
	// service that lamgate does not have yet.
	apart := []string{
		"AWS::ApiGateway::Method.AuthorizationScopes", "AWS::ApiGateway::Method.AuthorizerId",
		"AWS::ApiGateway::RestApi.BodyS3Location.ETag", "AWS::ApiGateway::RestApi.BodyS3Location.Version",
		"AWS::Lambda::Alias.RoutingConfig", "AWS::Lambda::Function.Code.S3ObjectVersion", "AWS::Lambda::Version.CodeSha256",
		"AWS::Lambda::Function.RuntimeManagementConfig.RuntimeVersionArn", "AWS::Lambda::LayerVersion.Content.S3ObjectVersion",
		"AWS::Lambda::Version.RuntimePolicy.RuntimeVersionArn",
	}
	for _, kind := range slices.Sorted(maps.Keys(resource.NewCatalogue(resource.Clients{}))) {
		if !used[kind] {
			t.Errorf("no test deploys a %s", kind)
			continue
		}
		for _, path := range promised(kind, resource.NewCatalogue(resource.Clients{})[kind].Properties) {
			if !used[path] && !slices.ContainsFunc(apart, func(a string) bool { return path == a || strings.HasPrefix(path, a+".") }) {
				t.Errorf("no test deploys %s", path)
			}
		}
	}
}

func TestAliasWithTwoVersions(t *testing.T) {
	h := build(t)
	body := `
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}]
  F:
    Type: AWS::Lambda::Function
    Properties: {Code: {ZipFile: 'first'}, Handler: index.handler, Role: !GetAtt Role.Arn, Runtime: python3.13}
  V1:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref F}
`
	h.must(h.create("s", body), "CREATE_COMPLETE")
	two := strings.Replace(body, "'first'", "'second'", 1) + `
  V2:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref F}
  A:
    Type: AWS::Lambda::Alias
    Properties:
      FunctionName: !Ref F
      FunctionVersion: !GetAtt V2.Version
      Name: live
      RoutingConfig: {AdditionalVersionWeights: [{FunctionVersion: !GetAtt V1.Version, FunctionWeight: 0.25}]}
`
	h.must(h.update("s", two), "UPDATE_COMPLETE")
	alias, err := h.lambda.GetAlias(h.ctx, &lambdaapi.GetAliasRequest{FunctionName: new(h.physical("s")["F"]), Name: new("live")})
	if err != nil {
		t.Fatal(err)
	}
	if *alias.FunctionVersion != "2" || alias.RoutingConfig == nil || alias.RoutingConfig.AdditionalVersionWeights["1"] != 0.25 {
		t.Errorf("alias is %+v", alias)
	}
	// A version of code that has one already is somebody else's.
	h.must(h.update("s", two+"  V3:\n    Type: AWS::Lambda::Version\n    Properties: {FunctionName: !Ref F}\n"), "UPDATE_ROLLBACK_COMPLETE")
	h.cleared("s")
}

func promised(path string, p resource.Properties) []string {
	var list []string
	for name, property := range p {
		if property.Missing {
			continue
		}
		list = append(list, path+"."+name)
		members := property.Members
		if property.Of != nil {
			members = property.Of.Members
		}
		list = append(list, promised(path+"."+name, members)...)
	}
	slices.Sort(list)
	return list
}

func note(used map[string]bool, path string, n *template.Node) {
	if n == nil {
		return
	}
	for _, f := range n.Fields {
		if !strings.HasPrefix(f.Key, "Fn::") {
			used[path+"."+f.Key] = true
			note(used, path+"."+f.Key, f.Value)
		}
	}
	for _, item := range n.Items {
		note(used, path, item)
	}
}
