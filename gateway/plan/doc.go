// Package plan holds what the data plane serves: the document of a Deployment,
// as control/apigateway writes it, and the plan that it is compiled to.
//
// A Deployment is a snapshot of a REST API that never changes. It is compiled
// once, when the store announces it: routes become a tree, templates are
// parsed, integrations are bound, with slots where a stage's variables decide.
// Serving reads only plans.
package plan
