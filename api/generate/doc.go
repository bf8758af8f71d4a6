// Command generate writes the packages below api, one per AWS service, from
// botocore's service models:
//
//	go run ./api/generate
//
// It is run from the root of the module. services.txt names the services and
// the one release of botocore that is read. The release is fetched by pip into
// .cache/botocore, once; neither the models nor their prose enter the tree.
//
// With -fetch it fetches only: the release, and the source archive of the same
// release, whose protocol test cases wire's tests run.
//
// The way through its files: fetch.go brings the archives, package botocore
// turns a model into a table, names.go decides which of its shapes become structs
// and what they are called in Go, then types.go, interfaces.go and tables.go each
// write the file of their name.
package main
