package lambda

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// urlTimeFormat is how the times of function URLs are written.
const urlTimeFormat = "2006-01-02T15:04:05.000000Z"

// newURLID makes the first label of a function URL: 32 letters and digits, 160
// random bits.
func newURLID() string {
	var b [20]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// urlOf reads which function's URL is meant, or which alias's.
func urlOf(ctx context.Context, name, qualifier *string) (execution.FunctionRef, error) {
	return parseName(aws.CallerFrom(ctx), aws.Value(name), qualifier)
}

// noURLFunction is how operations that make or change a URL miss its function.
func noURLFunction() *aws.Fault {
	return userFault(http.StatusNotFound, "ResourceNotFoundException", "Function does not exist")
}

// CreateFunctionUrlConfig gives a function, or an alias of it, a URL.
func (s *Service) CreateFunctionUrlConfig(ctx context.Context, in *lambda.CreateFunctionUrlConfigRequest) (*lambda.CreateFunctionUrlConfigResponse, error) {
	ref, err := urlOf(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now().UTC()
	u := execution.URL{ID: newURLID(), AuthType: aws.Value(in.AuthType), InvokeMode: "BUFFERED", CORS: corsOf(in.Cors), Created: now, Modified: now}
	set(&u.InvokeMode, in.InvokeMode)
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		if _, ok := f.Aliases[ref.Qualifier]; !ok && ref.Qualifier != "" {
			return noURLFunction()
		}
		if _, ok := f.URLs[ref.Qualifier]; ok {
			return conflict("Failed to create function url config for [functionArn = %s]. Error message:  FunctionUrlConfig exists for this Lambda function", ref.ARN())
		}
		f.URLs = with(f.URLs, ref.Qualifier, u)
		return nil
	})
	if err != nil {
		return nil, missing(err, ref, noURLFunction())
	}
	c := s.renderURL(ref, u)
	return &lambda.CreateFunctionUrlConfigResponse{
		FunctionUrl: c.FunctionUrl, FunctionArn: c.FunctionArn, AuthType: c.AuthType, Cors: c.Cors, CreationTime: c.CreationTime, InvokeMode: in.InvokeMode,
	}, nil
}

// UpdateFunctionUrlConfig changes what it is given of a URL's configuration.
func (s *Service) UpdateFunctionUrlConfig(ctx context.Context, in *lambda.UpdateFunctionUrlConfigRequest) (*lambda.UpdateFunctionUrlConfigResponse, error) {
	ref, err := urlOf(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	var u execution.URL
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		if _, ok := f.Aliases[ref.Qualifier]; !ok && ref.Qualifier != "" {
			return noURLFunction()
		}
		var ok bool
		if u, ok = f.URLs[ref.Qualifier]; !ok {
			return noResource()
		}
		set(&u.AuthType, in.AuthType)
		set(&u.InvokeMode, in.InvokeMode)
		if in.Cors != nil {
			u.CORS = corsOf(in.Cors)
		}
		u.Modified = s.Clock.Now().UTC()
		f.URLs = with(f.URLs, ref.Qualifier, u)
		return nil
	})
	if err != nil {
		return nil, missing(err, ref, noURLFunction())
	}
	c := s.renderURL(ref, u)
	return &lambda.UpdateFunctionUrlConfigResponse{
		FunctionUrl: c.FunctionUrl, FunctionArn: c.FunctionArn, AuthType: c.AuthType, Cors: c.Cors,
		CreationTime: c.CreationTime, LastModifiedTime: c.LastModifiedTime, InvokeMode: in.InvokeMode,
	}, nil
}

// GetFunctionUrlConfig shows a URL's configuration.
func (s *Service) GetFunctionUrlConfig(ctx context.Context, in *lambda.GetFunctionUrlConfigRequest) (*lambda.GetFunctionUrlConfigResponse, error) {
	ref, err := urlOf(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	f, err := s.load(ref)
	if err != nil {
		return nil, missing(err, ref, noResource())
	}
	u, ok := f.URLs[ref.Qualifier]
	if !ok {
		return nil, noResource()
	}
	c := s.renderURL(ref, u)
	return &lambda.GetFunctionUrlConfigResponse{
		FunctionUrl: c.FunctionUrl, FunctionArn: c.FunctionArn, AuthType: c.AuthType, Cors: c.Cors,
		CreationTime: c.CreationTime, LastModifiedTime: c.LastModifiedTime, InvokeMode: c.InvokeMode,
	}, nil
}

// DeleteFunctionUrlConfig takes a URL away. It is never given to another.
func (s *Service) DeleteFunctionUrlConfig(ctx context.Context, in *lambda.DeleteFunctionUrlConfigRequest) (*lambda.DeleteFunctionUrlConfigOutput, error) {
	ref, err := urlOf(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		if _, ok := f.URLs[ref.Qualifier]; !ok {
			return noResource()
		}
		f.URLs = less(f.URLs, ref.Qualifier)
		return nil
	})
	if err != nil {
		return nil, missing(err, ref, noResource())
	}
	return &lambda.DeleteFunctionUrlConfigOutput{}, nil
}

// ListFunctionUrlConfigs lists the URLs of a function and its aliases.
func (s *Service) ListFunctionUrlConfigs(ctx context.Context, in *lambda.ListFunctionUrlConfigsRequest) (*lambda.ListFunctionUrlConfigsResponse, error) {
	ref, f, err := s.loadOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, missing(err, ref, noURLFunction())
	}
	var list []lambda.FunctionUrlConfig
	for _, alias := range slices.Sorted(maps.Keys(f.URLs)) {
		ref.Qualifier = alias
		list = append(list, *s.renderURL(ref, f.URLs[alias]))
	}
	page, next := paginate(list, in.Marker, in.MaxItems, func(c lambda.FunctionUrlConfig) string { return *c.FunctionArn })
	return &lambda.ListFunctionUrlConfigsResponse{FunctionUrlConfigs: page, NextMarker: next}, nil
}

func (s *Service) renderURL(ref execution.FunctionRef, u execution.URL) *lambda.FunctionUrlConfig {
	out := &lambda.FunctionUrlConfig{
		FunctionUrl: new(s.URLOf(u.ID, ref.Region)), FunctionArn: new(ref.ARN()), AuthType: new(u.AuthType), InvokeMode: new(u.InvokeMode),
		CreationTime: new(u.Created.Format(urlTimeFormat)), LastModifiedTime: new(u.Modified.Format(urlTimeFormat)),
	}
	if c := u.CORS; c != nil {
		out.Cors = &lambda.Cors{
			AllowHeaders: c.AllowHeaders, AllowMethods: c.AllowMethods, AllowOrigins: c.AllowOrigins, ExposeHeaders: c.ExposeHeaders,
		}
		if c.AllowCredentials {
			out.Cors.AllowCredentials = new(true)
		}
		if c.MaxAge != nil {
			out.Cors.MaxAge = new(int32(*c.MaxAge))
		}
	}
	return out
}

func corsOf(c *lambda.Cors) *execution.CORS {
	if c == nil {
		return nil
	}
	out := &execution.CORS{
		AllowCredentials: aws.Value(c.AllowCredentials), AllowHeaders: c.AllowHeaders, AllowMethods: c.AllowMethods,
		AllowOrigins: c.AllowOrigins, ExposeHeaders: c.ExposeHeaders,
	}
	if c.MaxAge != nil {
		out.MaxAge = new(int(*c.MaxAge))
	}
	return out
}
