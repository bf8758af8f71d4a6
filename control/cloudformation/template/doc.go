// Package template is the engine of CloudFormation's template language. It is
// pure: text goes in, resource declarations with resolved properties come out,
// and every node remembers the line and column it was written at, so that an
// error can point there.
//
// The way through it:
//
//   - node.go: Node, a value of the template's tree; yaml.go and json.go read it
//     from text, encode.go writes it back;
//   - template.go: the sections; parameter.go, declaration.go and output.go what
//     stands in them;
//   - function.go: the intrinsic functions, their short forms and the checks of
//     their shape that need no values; reference.go: what a node refers to;
//   - scope.go and evaluate.go: functions evaluated, with values that are not
//     known yet (a resource that does not exist) passing through as Unknown;
//   - condition.go: the Conditions section;
//   - graph.go: in which order resources depend on each other;
//   - extension.go: AWS::LanguageExtensions' Fn::ForEach.
//
// It does not know any resource type, transform nothing but language
// extensions, and does no I/O: SAM is package sam, types are package resource.
package template
