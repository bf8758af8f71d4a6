// Package plan holds what the data plane serves: the document of a Deployment,
// as control/apigateway writes it, and the Plan that it is compiled to.
//
// A Deployment is a snapshot of a REST API that never changes. It is compiled
// once, when the first request meets it, and serving reads only the Plan:
//
//   - deployment.go has the documents: RestAPI with its stages, Deployment.
//   - plan.go compiles a Deployment. A mistake in it closes only what it
//     touches: the Route of one method is Closed and says why.
//   - schema.go compiles models with all they refer to, and loads nothing else;
//     schema_rule.go has their form, schema_validate.go, schema_combine.go and
//     schema_format.go hold bodies against it by schema_value.go's comparisons,
//     and mismatch.go says in AWS's words what a body lacks.
//   - gateway_response.go prepares the API's own versions of the gateway's
//     responses.
//   - routes.go finds the Route of a path and a method.
//   - integration.go compiles what serves a method: a function, an HTTP
//     endpoint, an AWS service (service.go) or nothing (mock.go). slots.go has
//     the texts in it that a stage's variables complete, uri.go the URIs that
//     each request completes.
//   - mapping.go compiles parameter mappings, such as
//     integration.request.header.Name from method.request.querystring.name;
//     template.go mapping templates and the choice among them; selection.go
//     integration responses and how they are selected, selection_pattern.go by
//     which patterns.
//   - context.go names the variables of $context; access_log.go compiles the
//     format of an access log, cache_key.go what responses are cached by.
//
// What lamgate does not build yet closes its route too, so that it is refused
// by name and never passed over.
//
// The package does no I/O and knows nothing of stages' contents: which values
// their variables have is asked for each stage by gateway/rest.
package plan
