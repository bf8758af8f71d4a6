// Package sts implements the Security Token Service: who a caller is, and
// temporary credentials for those who may assume a role.
//
// Whether they may is policy.Roles' to decide; the credentials are wire's to
// issue and, in later requests, to verify. Session policies and session tags
// are refused: nothing here would keep to them. So is what needs an identity
// provider or a second factor.
package sts
