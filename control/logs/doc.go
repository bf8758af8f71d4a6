// Package logs implements CloudWatch Logs: groups, streams, their events and
// tags, for what functions and APIs log and for clients that log themselves.
//
// The log store is telemetry.Logs; this package gives it AWS's operations,
// limits and faults: group.go, stream.go and tag.go for what there is, put.go
// for writing events, get.go and filter.go for reading them. It does not have
// metric filters, subscriptions, Insights queries or exports.
package logs
