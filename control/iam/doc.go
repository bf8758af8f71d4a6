// Package iam implements what deploying needs of IAM: roles with their trust,
// inline and attached policies and permissions boundaries, and customers'
// managed policies with their versions. AWS's own managed policies are there to
// be read and attached, as far as package policy carries them.
//
// A role or policy is one document, written here and followed by policy.Roles,
// which everything that guards something asks: what an operation has answered
// is in force. The documents keep a policy both as it is evaluated and as it
// was written, for IAM gives back the very text that it was given.
//
// There are no users, groups, instance profiles or identity providers.
package iam
