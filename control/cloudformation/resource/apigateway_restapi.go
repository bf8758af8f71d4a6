package resource

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// maxDefinition is the size of the largest API definition read from S3.
const maxDefinition = 6 << 20

type restAPI struct {
	client  APIGateway
	objects s3.GetObjectAPI
}

func restAPIType(client APIGateway, objects s3.GetObjectAPI) *Type {
	a := restAPI{client, objects}
	return &Type{
		Name: "AWS::ApiGateway::RestApi",
		Properties: Properties{
			"ApiKeySourceType":          {},
			"BinaryMediaTypes":          {Kind: List},
			"Body":                      {Kind: JSON},
			"BodyS3Location":            {Kind: Object, Members: Properties{"Bucket": {}, "Key": {}, "Version": {}, "ETag": {}}},
			"CloneFrom":                 {},
			"Description":               {},
			"DisableExecuteApiEndpoint": {Kind: Boolean},
			"EndpointConfiguration": {Kind: Object, Members: Properties{
				"Types": {Kind: List}, "IpAddressType": {}, "VpcEndpointIds": {Missing: true},
			}},
			"FailOnWarnings":         {Kind: Boolean},
			"MinimumCompressionSize": {Kind: Integer},
			"Mode":                   {},
			"Name":                   {},
			"Parameters":             {Kind: Map},
			"Policy":                 {Kind: JSON},
			"Tags":                   tags(),
		}.missing("SecurityPolicy", "EndpointAccessMode"),
		Attributes:  []string{"RestApiId", "RootResourceId"},
		Identifiers: []string{"RestApiId"},
		Find:        a.find, Create: a.create, Update: a.update, Delete: a.delete,
	}
}

// find returns the APIs of the name that a new one gets.
func (a restAPI) find(ctx context.Context, r *Request) ([]string, error) {
	name, err := a.name(r)
	if err != nil {
		return nil, err
	}
	var found []string
	for in := (&apigateway.GetRestApisRequest{Limit: new(int32(500))}); ; {
		out, err := a.client.GetRestApis(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, api := range out.Items {
			if aws.Value(api.Name) == name {
				found = append(found, aws.Value(api.Id))
			}
		}
		if in.Position = out.Position; in.Position == nil {
			return found, nil
		}
	}
}

// name is the property, or the title of the definition.
func (a restAPI) name(r *Request) (string, error) {
	if name := r.text("Name"); name != "" {
		return name, nil
	}
	body := r.Properties.Get("Body")
	if body != nil && body.Kind == template.String {
		if parsed, err := template.Read(body.Text); err == nil {
			body = parsed
		}
	}
	if title := body.At("info", "title"); title.Scalar() {
		return title.Text, nil
	}
	if body == nil && r.Properties.Get("BodyS3Location") == nil {
		return "", aws.Faultf(400, "BadRequestException", "Name must be specified when creating a REST API")
	}
	return r.LogicalID, nil
}

func (a restAPI) create(ctx context.Context, r *Request) (*Outcome, error) {
	name, err := a.name(r)
	if err != nil {
		return nil, err
	}
	body, err := a.definition(ctx, r)
	if err != nil {
		return nil, err
	}
	in := &apigateway.CreateRestApiRequest{Name: &name, Tags: r.allTags()}
	if err := fill(in, r.Properties, "Name", "ApiKeySourceType", "Policy", "Tags", "Body", "BodyS3Location", "FailOnWarnings", "Mode", "Parameters"); err != nil {
		return nil, err
	}
	in.ApiKeySource = optional(r.text("ApiKeySourceType"))
	in.Policy = optional(document(r.Properties.Get("Policy")))
	api, err := a.client.CreateRestApi(ctx, in)
	if err != nil {
		return nil, err
	}
	out := restAPIOutcome(api)
	if body == nil {
		return out, nil
	}
	return out, a.define(ctx, r, out.PhysicalID, body)
}

func restAPIOutcome(api *apigateway.RestApi) *Outcome {
	return &Outcome{PhysicalID: aws.Value(api.Id), Attributes: map[string]string{
		"RestApiId": aws.Value(api.Id), "RootResourceId": aws.Value(api.RootResourceId),
	}}
}

// definition returns the API definition of the properties, or nil.
func (a restAPI) definition(ctx context.Context, r *Request) ([]byte, error) {
	if body := r.Properties.Get("Body"); body != nil {
		return []byte(document(body)), nil
	}
	if r.Properties.Get("BodyS3Location") == nil {
		return nil, nil
	}
	out, err := a.objects.GetObject(ctx, &s3.GetObjectRequest{
		Bucket: new(r.text("BodyS3Location", "Bucket")), Key: new(r.text("BodyS3Location", "Key")),
		VersionId: optional(r.text("BodyS3Location", "Version")), IfMatch: optional(r.text("BodyS3Location", "ETag")),
	})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	body, err := io.ReadAll(io.LimitReader(out.Body, maxDefinition+1))
	if err == nil && len(body) > maxDefinition {
		err = aws.Faultf(400, "BadRequestException", "The API definition in S3 is larger than %d bytes", maxDefinition)
	}
	return body, err
}

// define imports a definition and then sets what properties say against it.
func (a restAPI) define(ctx context.Context, r *Request, id string, body []byte) error {
	in := &apigateway.PutRestApiRequest{RestApiId: &id, Body: body, Mode: new("overwrite")}
	if mode := r.text("Mode"); mode != "" {
		in.Mode = &mode
	}
	if strings.EqualFold(r.text("FailOnWarnings"), "true") {
		in.FailOnWarnings = new(true)
	}
	if p := r.Properties.Get("Parameters"); p != nil {
		in.Parameters = map[string]string{}
		for _, f := range p.Fields {
			in.Parameters[f.Key] = f.Value.Text
		}
	}
	api, err := a.client.PutRestApi(ctx, in)
	if err != nil {
		return err
	}
	return a.reconcile(ctx, r, api, r.has)
}

// has reports whether a property is given, and drops whether it was and is no
// longer.
func (r *Request) has(property string) bool { return r.Properties.Get(property) != nil }

func (r *Request) drops(property string) bool {
	return !r.has(property) && r.Previous.Get(property) != nil
}

// reconcile patches an API to what those properties say that are given.
func (a restAPI) reconcile(ctx context.Context, r *Request, api *apigateway.RestApi, given func(property string) bool) error {
	var p patches
	if given("Name") {
		if name, err := a.name(r); err == nil {
			p.replace("/name", aws.Value(api.Name), name)
		}
	}
	if given("Description") {
		p.replace("/description", aws.Value(api.Description), r.text("Description"))
	}
	if given("ApiKeySourceType") {
		p.replace("/apiKeySource", aws.Value(api.ApiKeySource), or(r.text("ApiKeySourceType"), "HEADER"))
	}
	if given("DisableExecuteApiEndpoint") {
		p.replace("/disableExecuteApiEndpoint", strconv.FormatBool(aws.Value(api.DisableExecuteApiEndpoint)), strconv.FormatBool(strings.EqualFold(r.text("DisableExecuteApiEndpoint"), "true")))
	}
	if given("MinimumCompressionSize") {
		have := ""
		if api.MinimumCompressionSize != nil {
			have = fmt.Sprint(*api.MinimumCompressionSize)
		}
		p.replace("/minimumCompressionSize", have, r.text("MinimumCompressionSize"))
	}
	if given("Policy") {
		p.add("replace", "/policy", document(r.Properties.Get("Policy")))
	}
	if given("BinaryMediaTypes") {
		have, want := map[string]string{}, map[string]string{}
		for _, t := range api.BinaryMediaTypes {
			have[t] = ""
		}
		if n := r.Properties.Get("BinaryMediaTypes"); n != nil {
			for _, t := range n.Items {
				want[t.Text] = ""
			}
		}
		var set patches
		set.mapping("/binaryMediaTypes", have, want)
		for _, o := range set {
			if *o.Op == "replace" {
				o.Op, o.Value = new("add"), nil
			}
			p = append(p, o)
		}
	}
	if e := r.Properties.Get("EndpointConfiguration"); given("EndpointConfiguration") && e != nil && api.EndpointConfiguration != nil {
		have, want := api.EndpointConfiguration.Types, e.Get("Types")
		if len(have) == 1 && want != nil && len(want.Items) == 1 {
			p.replace("/endpointConfiguration/types/"+have[0], have[0], want.Items[0].Text)
		}
		if ip := e.Get("IpAddressType"); ip != nil {
			p.replace("/endpointConfiguration/ipAddressType", aws.Value(api.EndpointConfiguration.IpAddressType), ip.Text)
		}
	}
	if len(p) == 0 {
		return nil
	}
	_, err := a.client.UpdateRestApi(ctx, &apigateway.UpdateRestApiRequest{RestApiId: api.Id, PatchOperations: p})
	return err
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (a restAPI) update(ctx context.Context, r *Request) (*Outcome, error) {
	api, err := a.client.GetRestApi(ctx, &apigateway.GetRestApiRequest{RestApiId: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	body, err := a.definition(ctx, r)
	if err != nil {
		return nil, err
	}
	// What is no longer said is undone before the definition may say it.
	if err := a.reconcile(ctx, r, api, r.drops); err != nil {
		return nil, err
	}
	// A definition in S3 may have changed behind the same properties.
	if body != nil {
		err = a.define(ctx, r, r.PhysicalID, body)
	} else {
		err = a.reconcile(ctx, r, api, r.has)
	}
	if err != nil {
		return nil, err
	}
	return restAPIOutcome(api), retagAPI(ctx, a.client, r, "/restapis/"+r.PhysicalID)
}

func (a restAPI) delete(ctx context.Context, r *Request) error {
	_, err := a.client.DeleteRestApi(ctx, &apigateway.DeleteRestApiRequest{RestApiId: &r.PhysicalID})
	return gone(err)
}

// retagAPI brings the tags of an API Gateway resource up to date.
func retagAPI(ctx context.Context, client APIGateway, r *Request, path string) error {
	set, remove := r.changedTags()
	caller := aws.CallerFrom(ctx)
	arn := aws.NewARN("apigateway", caller.Region, "", path).String()
	if len(remove) > 0 {
		if _, err := client.UntagResource(ctx, &apigateway.UntagResourceRequest{ResourceArn: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(set) > 0 {
		if _, err := client.TagResource(ctx, &apigateway.TagResourceRequest{ResourceArn: &arn, Tags: set}); err != nil {
			return err
		}
	}
	return nil
}
