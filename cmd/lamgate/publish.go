package main

import (
	"context"
	"slices"
	"time"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// isVersioned reports whether what is at a path reaches its callers as a version,
// which never changes, so that the stack has to have another: a layer, and a
// function that they call by the alias that SAM publishes.
func (u *up) isVersioned(path string) bool {
	if slices.ContainsFunc(u.refs, func(r codeReference) bool { return r.layer && r.path == path }) {
		return true
	}
	functions := u.codeAt(path)
	if len(functions) == 0 {
		return false
	}
	root, err := template.Read(u.body)
	if err != nil {
		return false
	}
	const alias = "AutoPublishAlias"
	return root.At("Globals", "Function", alias) != nil || slices.ContainsFunc(functions, func(logical string) bool {
		return root.At("Resources", logical, "Properties", alias) != nil
	})
}

// directly is the largest package that is sent with the call itself, which is
// one request and one write less than by way of a bucket.
const directly = 4 << 20

// publish gives the functions whose code is at path what was saved there.
func (u *up) publish(ctx context.Context, path string, saved time.Time, names map[string]string) {
	code, err := zipCode(path)
	if err != nil {
		u.say("%s is not published: %v", path, err)
		return
	}
	if !u.packager.isNew(path, code) {
		return // saved as it was
	}
	for _, logical := range u.codeAt(path) {
		name, ok := names[logical]
		if !ok {
			continue
		}
		if err := u.give(ctx, name, code); err != nil {
			u.packager.forget(path)
			u.say("%s is not published: %v", logical, err)
			continue
		}
		u.say("%s published in %d ms", logical, time.Since(saved).Milliseconds())
		if port, ok := u.debugPort(logical, name); ok {
			u.debugFunction(ctx, logical, name, port)
		}
	}
}

// give gives a function its code.
func (u *up) give(ctx context.Context, name string, code []byte) error {
	in := &lambda.UpdateFunctionCodeRequest{FunctionName: &name, ZipFile: code}
	if len(code) > directly {
		bucket, key, err := u.packager.upload(ctx, code)
		if err != nil {
			return err
		}
		in = &lambda.UpdateFunctionCodeRequest{FunctionName: &name, S3Bucket: &bucket, S3Key: &key}
	}
	_, err := call[lambda.FunctionConfiguration](ctx, u.client, &lambda.Service, "UpdateFunctionCode", in)
	return err
}

// codeAt returns the logical IDs of the functions that have their code at a
// path, be it by Globals.
func (u *up) codeAt(path string) []string {
	own := map[string]bool{}
	var list []string
	global := false
	for _, r := range u.refs {
		own[r.function] = true
		if r.path != path {
			continue
		}
		if r.function == "" {
			global = true
		} else {
			list = append(list, r.function)
		}
	}
	if !global {
		return list
	}
	root, err := template.Read(u.body)
	if err != nil {
		return list
	}
	for _, r := range root.Get("Resources").Fields {
		if r.Value.Get("Type").IsString("AWS::Serverless::Function") && !own[r.Key] {
			list = append(list, r.Key)
		}
	}
	return list
}
