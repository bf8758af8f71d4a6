// Package rest serves REST APIs: the boxes of API Gateway's own picture, a
// file each, in the order in which a request meets them.
//
//   - request.go lists the steps. Read it first.
//   - address.go tells from a request's host and path which API and stage it
//     is for; stage.go finds them and what they publish, canary.go draws which
//     of two releases serves the request.
//   - resource.go matches a resource and a method.
//   - access.go is who may pass: resource policy, authorizer, API key. What of
//     it is not built refuses everybody, and says so.
//   - throttle.go has a stage's settings for a method, and limits the rate.
//   - method_request.go validates the parameters and the body, which body.go
//     reads and compression.go unpacks; binary.go tells what is binary.
//   - cache.go answers from the stage's cache, past the integration.
//   - integration_request.go makes the integration's request: parameters
//     (integration_mapping.go), the body (integration_content.go) and what a
//     template makes of it (integration_template.go). exchange.go has the words
//     for what is sent and received.
//   - integration_callee.go knows what a route calls on a stage. A function is
//     invoked after permission.go has found that the API may: through a proxy
//     integration by integration_lambda_proxy.go (event.go and event_headers.go
//     write what it receives; lambda_response.go reads what it answers, and
//     integration_lambda_stream.go what it answers piece by piece), through a
//     custom one by integration_lambda.go. integration_http.go calls HTTP
//     endpoints, integration_service.go AWS services, signed and with a role
//     (integration_service_action.go and integration_service_object.go tell what
//     the role must be allowed), and integration_mock.go answers by itself.
//     loop.go stops an API that calls itself.
//   - integration_response.go selects and makes the method's response,
//     method_response.go readies it for the wire. integration_stream.go passes
//     on what is streamed.
//   - gateway_response.go has the answers that the gateway itself gives, AWS's
//     or in the API's own version. reply.go sends what the caller receives;
//     what an integration answers is compressed before, by compression.go.
//
// What the steps read of the request beside its own parts is $context
// (context.go). When the request has been answered, access_log.go and
// execution_log.go tell what became of it (outcome.go), in the words of API
// Gateway's own logs: execution_data.go has what a data trace shows of requests
// and responses, execution_failure.go the reasons of what fails.
// test_invoke.go takes a request through the same steps without a stage.
//
// header_names.go keeps the names of headers as clients wrote them, which
// net/http forgets and functions see.
//
// Every step leaves its verdict in the request's journey. The wire carries
// AWS's words and nothing else.
package rest
