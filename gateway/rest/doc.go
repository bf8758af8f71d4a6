// Package rest serves REST APIs: the boxes of API Gateway's own picture, a
// file each, in the order in which a request meets them.
//
//   - request.go lists the steps. Read it first.
//   - address.go tells from a request's host and path which API and stage it
//     is for; stage.go finds them and what they publish.
//   - resource.go matches a resource and a method.
//   - access.go is who may pass: resource policy, authorizer, API key. What of
//     it is not built refuses everybody, and says so.
//   - throttle.go limits the rate.
//   - method_request.go validates the parameters and the body, which body.go
//     reads and compression.go unpacks; binary.go tells what is binary.
//   - integration_request.go maps parameters for the integration.
//   - integration_lambda_proxy.go invokes a function, after permission.go has
//     found that the API may; event.go writes what the function receives and
//     lambda_response.go, with decoder.go, reads what it answers.
//     integration_mock.go answers by itself.
//   - integration_response.go and method_response.go shape the answer.
//   - gateway_response.go has the answers that the gateway itself gives, AWS's
//     or in the API's own version. What an integration answers is compressed at
//     the very end, by compression.go.
//
// header_names.go keeps the names of headers as clients wrote them, which
// net/http forgets and functions see.
//
// Every step leaves its verdict in the request's journey. The wire carries
// AWS's words and nothing else.
package rest
