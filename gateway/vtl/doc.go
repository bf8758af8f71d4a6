// Package vtl executes API Gateway's mapping templates.
package vtl
