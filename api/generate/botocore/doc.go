// Package botocore reads botocore's service models, service-2.json, into the
// words of package api. api/generate writes its result down; wire's tests use it
// as it is, because the protocol test cases are models too.
//
// model.go is the form of the file; service.go makes the table. Documentation is
// not read.
package botocore
