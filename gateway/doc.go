// Package gateway is the data plane: what a caller's request to an API meets.
//
// It serves immutable plans that are compiled from deployments (package plan)
// and never reads the control plane. There is one pipeline for each kind of
// API; rest is that of REST APIs. Function URLs, which have no plans, are url's.
package gateway
