// Package apigateway is the control plane of REST APIs: AWS API Gateway's
// operations, each a method of Service that bears the operation's name.
//
// A REST API is one document (document.go): its stages, which the data plane
// reads as plan.RestAPI, and everything that waits for a deployment. An
// operation loads it, changes it and writes it back with compare-and-set, so
// that operations that race on one API happen one after another. CreateDeployment
// copies the document's present state into a plan.Deployment of its own, which
// never changes again; a stage points to one.
//
// The way through the files:
//
//   - service.go: the constructor, and how documents are loaded and changed.
//   - rest_api.go, resource.go, method.go, method_response.go, integration.go,
//     integration_response.go, model.go, request_validator.go, deployment.go,
//     stage.go, gateway_response.go, documentation_part.go,
//     documentation_version.go, client_certificate.go, vpc_link.go, account.go,
//     tag.go, authorizer.go: a file for each noun.
//   - stage_canary.go, stage_cache.go, stage_access_log.go: what stages have
//     beside a deployment.
//   - model_schema.go, model_template.go: what models refer to, and samples.
//   - test_invoke.go: asks the data plane to serve a method as it stands.
//   - patch.go: the patch operations of the Update operations; what may be
//     patched stands with each noun, or beside it in rest_api_patch.go,
//     endpoint.go and stage_patch.go.
//   - mapping.go: which parameter mappings are well-formed.
//   - page.go: positions and limits of lists.
//   - import.go begins the import of OpenAPI documents; openapi.go leads through
//     one and the other openapi_*.go read its parts: openapi_node.go any value,
//     openapi_settings.go what concerns the API as a whole, and so on.
//   - export.go begins the export of a stage; export_*.go write its parts.
//   - collect.go: removes what a crash has left behind.
//
// Faults have AWS's words, as real AWS was recorded to say them. What guards
// access and is not built, such as an authorizer, is stored as closed: the data
// plane denies what it cannot check. SDKs are not generated.
package apigateway
