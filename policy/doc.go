// Package policy evaluates IAM policies: whether a principal may do an action
// on a resource, and which statement decided it. Evaluation is pure: no I/O, no
// state, no clock. Its words, Document and Role, are written by control/iam and
// control/lambda and read by whatever guards something.
//
// The way through it:
//
//   - document.go has the words, json.go and syntax.go read and write AWS's
//     form of them, validate.go says what a policy of each kind must have.
//   - request.go is the question. evaluate.go answers it by statements, whose
//     parts are in principal.go, condition.go with operator.go, variable.go and
//     match.go.
//   - decision.go is the answer. It knows which statement decided, or which
//     came closest and what of it did not match.
//   - roles.go follows the documents of roles and managed policies and answers
//     for them; authorize.go weighs a caller's policies and a resource's.
//   - managed.go and its tables are AWS's own managed policies.
//
// It does not evaluate session policies, service control policies or access
// control lists: lamgate has none, and what would set them is refused.
package policy
