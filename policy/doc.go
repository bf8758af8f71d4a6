// Package policy evaluates IAM policies: whether a principal may do an action
// on a resource, and which statement decided it. It is pure: no I/O, no state,
// no clock. Its words, Document and Role, are written by control/iam and
// control/lambda and read by whatever guards something.
package policy
