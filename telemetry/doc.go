// Package telemetry records what happened: journeys, which explain one request
// each, and log events, which functions and APIs leave in their log groups.
//
// A Journey is written by the steps that a request passes through and read by
// lamgate why, the execution logs and the console: one source, several views.
// Writing must cost next to nothing, so a step stores references and leaves
// the formatting to the reader.
//
// Logs is the log store (log_store.go): groups and streams of log events, which
// Append takes without waiting for the disk. log_keeper.go writes down what is
// known of new streams, log_read.go reads pages and follows, log_pattern.go
// matches CloudWatch's filter patterns.
package telemetry
