// Package sam is the transform AWS::Serverless-2016-10-31: it turns the
// serverless resources of a template into those that CloudFormation knows. It is
// pure, and what it makes keeps the places of what it was made from.
//
// The way through it:
//
//   - transform.go: the order of things; fault.go: what is wrong, all of it at
//     once and each with its line; properties.go: which properties there are, and
//     the refusal of those that lamgate lacks;
//   - globals.go: the Globals section; reference.go: references such as
//     Function.Alias;
//   - function.go and role.go: AWS::Serverless::Function and the role it runs as;
//     policy_templates.go: SAM's table of policy templates;
//   - event.go: events of the kind Api, and request.go what they demand of
//     requests; api.go: AWS::Serverless::Api, and the one that is implied;
//     definition.go: the OpenAPI definitions generated for them, with
//     gateway_response.go.
//
// Other serverless types and events, and what guards access (Auth), are refused
// by name until lamgate has them.
package sam
