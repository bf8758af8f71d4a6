package cloudformation_test

import (
	"slices"
	"strings"
	"testing"
)

// A template's values meet the constraints that a call from outside meets.
func TestValuesThatTheServicesWouldNotTake(t *testing.T) {
	const role = `
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]}`
	const function = role + `
  It:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.13, Handler: index.handler, Role: !GetAtt Role.Arn, Code: {ZipFile: x}, `
	for name, c := range map[string]struct{ resources, want string }{
		"memory":        {function + "MemorySize: 1}", "Value '1' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128"},
		"timeout":       {function + "Timeout: 0}", "Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		"function name": {function + "FunctionName: a/../b}", "Value 'a/../b' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern"},
		"role name": {`
  It:
    Type: AWS::IAM::Role
    Properties: {RoleName: "a/b", AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}}`, "Value 'a/b' at 'roleName' failed to satisfy constraint"},
		"log group name": {"\n  It: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: \"a b\"}}", "Value 'a b' at 'logGroupName' failed to satisfy constraint"},
		"path part": {`
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: x}}
  It: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: "a b"}}`, "Resource's path part only allow"},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			st := h.create("bad", "Resources:"+c.resources)
			h.must(st, "ROLLBACK_COMPLETE")
			if events := h.events("bad"); !slices.ContainsFunc(events, func(e string) bool {
				return strings.HasPrefix(e, "It CREATE_FAILED") && strings.Contains(e, c.want)
			}) {
				t.Errorf("no event says %q:\n%s", c.want, strings.Join(events, "\n"))
			}
			if left := h.inventory(); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}
