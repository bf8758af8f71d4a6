// Package wire speaks AWS's protocols: it turns HTTP requests into calls of the
// operations that control services implement, and their outputs and faults into
// HTTP responses. There is one router, one decoder, one validator and one
// encoder for all services; what a service looks like they read from its table
// in api/<service>, and what the table does not say stands in deviations.go.
//
// services.go prepares the tables once. From there the way through the files is
// the way of a call, (*call).serve in wire.go:
//
//	identify.go    which service: signature, X-Amz-Target, Action, host, path
//	origin.go      nobody whom a web page of another site sends
//	signature.go   who calls; credentials.go issues and verifies temporary ones
//	router.go      which operation, for the REST protocols
//	body.go        how much body, and how it is packed; s3_body.go and
//	               aws_chunked.go for S3, whose bodies are verified as they stream
//	decode.go      the input: decode_json.go, decode_xml.go, decode_query.go, and
//	               what they read with: json_reader.go, scalar.go
//	validate.go    the constraints of the model, refused in AWS's words, which
//	               quote values as Java prints them (display.go); pattern.go
//	               brings Java's regular expressions to Go
//	encode.go      the output: encode_json.go, encode_xml.go
//	fault.go       or what went wrong
//	response.go    onto the wire
//
// client.go is the other end, for lamgate's own commands and for what functions'
// results are sent to: client_encode.go makes requests, client_decode.go reads
// answers, client_handler.go calls a handler of the same process.
//
// Structs and tables belong together by position: field i of a struct is member
// i of its shape. So nothing is prepared per type, and nothing is looked up by a
// field's name.
//
// canonical.go writes the form of a request that is signed, for all here who sign
// and for verify.go, which verifies signatures for those who ask: function URLs
// ask, the operations do not yet. redact.go keeps out of logs and journeys what
// would let their readers act as a caller. wire does not decide what a caller may
// do, and it knows nothing of any operation's meaning.
package wire
