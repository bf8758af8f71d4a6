// Package conformance says what AWS does, as tests against an endpoint, one
// file per behaviour: routing, what a Deployment freezes, the event a function
// receives, what it may answer, who may invoke it, and so on. The tests know
// nothing of lamgate's inside. They speak to it by the AWS SDK for Go and by
// plain HTTP, so they can be run against any endpoint that claims to be API
// Gateway and Lambda:
//
//	LAMGATE_ENDPOINT=http://127.0.0.1:4566 go test ./conformance
//
// Without LAMGATE_ENDPOINT they build lamgate, start it on a free port with an
// empty data directory, and stop it at the end.
//
// house_test.go is the start; function_kit_test.go, api_kit_test.go and
// stack_kit_test.go make what tests need in a line or two and remove it at their
// end. Everything made has a name of its own, so the endpoint may be in use.
//
// Where LAMGATE_RECORDINGS names a folder with answers that were recorded from
// AWS, recorded_*_test.go hold the endpoint's against them; recordings_test.go
// reads them and says which are left out.
//
// What only lamgate has (its commands, journeys) is tested in cmd/lamgate.
package conformance
