// Command lamgate is one's own Amazon API Gateway and AWS Lambda.
//
// Each subcommand has a file of its own name. serve and up run the server
// (package server); all others, and up too once a server runs, are clients of
// it: they speak AWS's own protocols (client.go) and, for what AWS has no
// operation for, lamgate's read-only endpoints under /_lamgate.
//
// up is spread over a few files: project.go finds the template, package.go
// uploads the local code that it names, deploy.go brings the stack about and
// progress.go shows it, watch.go follows the files, local_url.go tells where an
// API answers on this machine.
package main
