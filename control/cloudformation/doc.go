// Package cloudformation is the control plane of AWS CloudFormation: stacks,
// change sets, and the engine that makes what a template declares.
//
// The way of a deployment through the files:
//
//   - create_stack.go, update_stack.go, delete_stack.go, change_set.go: the
//     operations that begin something; describe.go, list.go and template.go those
//     that tell; template_url.go reads templates from S3;
//   - prepare.go: text becomes a checked template (package template), transformed
//     (package sam), its resources compared with their types (package resource):
//     whatever lamgate lacks is refused here, with its line, before anything is
//     made;
//   - plan.go: what would change;
//   - engine.go: an operation as a machine of stack statuses; walk.go: side by side
//     where independent, in order where not; step.go: one resource; remove.go:
//     deletions; output.go: outputs and exports;
//   - progress.go: every step is written down before and after it is taken;
//   - document.go: the documents, find.go: how they are found.
//
// A stack is one document, which holds its resources, events and the operation
// under way. The engine keeps nothing that the document does not say, so that a
// killed server goes on, at its next start, where it was: Start looks for
// stacks in progress and drives each to its end. Templates and change sets are
// documents of their own.
//
// Deploying never bypasses the public operations: resources are made through
// the interfaces of api/<service>.
package cloudformation
