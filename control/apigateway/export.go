package apigateway

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

// A snapshot is a deployment's document: what the data plane reads, and what
// only an export tells of.
type snapshot struct {
	plan.Deployment

	APIDescription string `json:",omitempty"`
	APIVersion     string `json:",omitempty"`
	APICreated     time.Time
	SecurityPolicy string `json:",omitempty"`

	EndpointAccessMode string                 `json:",omitempty"`
	Authorizers        map[string]*authorizer `json:",omitempty"`
}

// snapshotOf adds to a deployment what an export tells of the API.
func (a *restAPI) snapshotOf(d *plan.Deployment) *snapshot {
	return &snapshot{
		Deployment:     *d,
		APIDescription: a.Description,
		APIVersion:     a.Version,
		APICreated:     a.Created,
		SecurityPolicy: a.SecurityPolicy,

		EndpointAccessMode: a.EndpointAccessMode,
		Authorizers:        a.Authorizers,
	}
}

// GetExport implements apigateway.GetExportAPI. What it exports is the stage's
// deployment, not what was changed since.
func (s *Service) GetExport(ctx context.Context, in *api.GetExportRequest) (*api.ExportResponse, error) {
	a, err := s.load(ctx, aws.Value(in.RestApiId), noStage)
	if err != nil {
		return nil, err
	}
	st := a.Stages[aws.Value(in.StageName)]
	if st == nil {
		return nil, noStage
	}
	e := &exporter{api: a, stage: st}
	if err := e.choose(aws.Value(in.ExportType), in.Parameters["extensions"]); err != nil {
		return nil, err
	}
	isYAML, err := wantsYAML(aws.Value(in.Accepts))
	if err != nil {
		return nil, err
	}
	e.snapshot, err = state.Load[snapshot](s.docs, plan.DeploymentKey(a.ID, st.Deployment))
	if errors.Is(err, state.ErrNotFound) {
		return nil, noStage // deleted just now
	}
	if err != nil {
		return nil, err
	}
	if e.APICreated.IsZero() {
		// A deployment of before there were exports.
		e.snapshot = a.snapshotOf(&e.Deployment)
	}
	document, err := e.document()
	if err != nil {
		return nil, err
	}
	contentType, suffix, body := "application/json", ".json", document.pretty()
	if isYAML {
		contentType, suffix, body = "application/yaml", ".yaml", document.yaml()
	}
	return &api.ExportResponse{
		ContentType: &contentType,
		// AWS: the type and the time (the form of GetSdk's, in the AWS CLI's
		// documentation).
		ContentDisposition: new(`attachment; filename="` + aws.Value(in.ExportType) + s.now().Format("_2006-01-02_15-04Z") + suffix + `"`),
		Body:               body,
	}, nil
}

// wantsYAML reads the header Accept of an export.
func wantsYAML(accept string) (bool, error) {
	if accept == "" {
		return false, nil
	}
	for mediaType := range strings.SplitSeq(accept, ",") {
		mediaType, _, _ = strings.Cut(mediaType, ";")
		switch strings.ToLower(strings.TrimSpace(mediaType)) {
		case "application/json", "application/*", "*/*":
			return false, nil
		case "application/yaml":
			return true, nil
		}
	}
	return false, badRequest("Invalid Accept header specified: %s. Valid options are application/json, application/yaml", accept)
}

// choose sets what the document is to be: its version and extensions.
//
// AWS: documentation is in every export, and may be asked for by name (the
// guide's page on publishing it); validators come with their own name or with
// apigateway (its pages on testing them and on exports), not with integrations
// (aws/aws-cli's thread 3289).
func (e *exporter) choose(exportType, extensions string) error {
	switch exportType {
	case "oas30":
		e.isOpenAPI3 = true
	case "swagger":
	default:
		return badRequest("Invalid export type specified: %s. Valid options are oas30, swagger", exportType)
	}
	for name := range strings.SplitSeq(extensions, ",") {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "", "documentation":
		case "validators":
			e.validating = true
		case "integrations":
			e.integrations = true
		case "authorizers":
			e.authorizers = true
		case "apigateway":
			e.integrations, e.authorizers, e.validating = true, true, true
		case "postman":
			return notBuilt("Postman extensions of an export")
		default:
			return badRequest("Invalid extensions specified: %s. Valid options are integrations, authorizers, validators, documentation, apigateway, postman", name)
		}
	}
	return nil
}

// An exporter writes a stage as an OpenAPI document.
type exporter struct {
	*snapshot
	api   *restAPI
	stage *plan.Stage

	isOpenAPI3   bool // else Swagger 2.0
	integrations bool // with what API Gateway needs to serve the document
	authorizers  bool // with what authorizers are
	validating   bool // with request validators

	documentation *documentationVersion            // nil if the stage publishes none
	parts         map[documentationLocation]string // its properties

	schemes    map[string]*node  // security schemes by name
	apiKey     string            // the name of the scheme for API keys
	sigV4      string            // the name of the scheme for signed requests
	validators map[string]string // names by ID
	models     map[string]*node  // those that are referred to
}

// document returns the whole document.
func (e *exporter) document() (*node, error) {
	if v := e.api.DocumentationVersions[e.stage.DocumentationVersion]; v != nil {
		e.documentation, e.parts = v, map[documentationLocation]string{}
		for _, p := range v.Parts {
			e.parts[p.Location] = p.Properties
		}
	}
	if err := e.nameSchemes(); err != nil {
		return nil, err
	}
	validators := e.nameValidators()
	doc := object()
	if e.isOpenAPI3 {
		doc.set("openapi", text("3.0.1"))
	} else {
		doc.set("swagger", text("2.0"))
	}
	doc.set("info", e.info())
	for key, f := range e.described(documentationLocation{Type: docAPI}, "tags", "externalDocs").all() {
		doc.set(key, f)
	}
	e.address(doc)
	paths := object()
	for _, r := range slices.SortedFunc(slices.Values(e.Resources), func(x, y plan.Resource) int { return strings.Compare(x.Path, y.Path) }) {
		if len(r.Methods) > 0 {
			paths.set(r.Path, e.path(&r))
		}
	}
	doc.set("paths", paths)
	if err := e.readModels(); err != nil {
		return nil, err
	}
	e.components(doc)
	if e.validating {
		doc.setUnlessEmpty(extension+"request-validators", validators)
	}
	if e.integrations {
		e.settings(doc)
	}
	doc.setUnlessNil(extension+"documentation", e.documentationParts())
	return doc, nil
}

// info describes the API.
// AWS: an API without a version has the time of its creation for one (public
// exports).
func (e *exporter) info() *node {
	version := e.APIVersion
	if version == "" {
		version = e.APICreated.UTC().Format(time.RFC3339)
	}
	info := object()
	info.set("title", text(e.Name))
	if e.APIDescription != "" {
		info.set("description", text(e.APIDescription))
	}
	info.set("version", text(version))
	documented := e.described(documentationLocation{Type: docAPI}, "info").get("info")
	for key, f := range only(documented, "description", "termsOfService", "contact", "license").all() {
		info.set(key, f)
	}
	return info
}

// address writes where the stage is served.
func (e *exporter) address(doc *node) {
	suffix := ".amazonaws.com"
	if strings.HasPrefix(e.Region, "cn-") {
		suffix += ".cn"
	}
	host := e.API + ".execute-api." + e.Region + suffix
	endpoint := object()
	if e.integrations && e.api.DisableExecuteAPI {
		endpoint.set("disableExecuteApiEndpoint", boolean(true))
	}
	if e.integrations && len(e.api.VPCEndpointIDs) > 0 {
		endpoint.set("vpcEndpointIds", texts(e.api.VPCEndpointIDs))
	}
	if !e.isOpenAPI3 {
		doc.set("host", text(host))
		doc.set("basePath", text("/"+e.stage.Name))
		doc.set("schemes", texts([]string{"https"}))
		doc.setUnlessEmpty(extension+"endpoint-configuration", endpoint)
		return
	}
	basePath, variables, server := object(), object(), object()
	basePath.set("default", text(e.stage.Name))
	variables.set("basePath", basePath)
	server.set("url", text("https://"+host+"/{basePath}"))
	server.set("variables", variables)
	server.setUnlessEmpty(extension+"endpoint-configuration", endpoint)
	doc.set("servers", list(server))
}

// components writes the models and the security schemes.
func (e *exporter) components(doc *node) {
	schemas := object()
	for _, name := range sorted(e.models) {
		schemas.set(name, e.models[name])
	}
	schemes := object()
	for _, name := range sorted(e.schemes) {
		schemes.set(name, e.schemes[name])
	}
	if !e.isOpenAPI3 {
		doc.setUnlessEmpty("securityDefinitions", schemes)
		doc.setUnlessEmpty("definitions", schemas)
		return
	}
	components := object()
	components.setUnlessEmpty("schemas", schemas)
	components.setUnlessEmpty("securitySchemes", schemes)
	doc.set("components", components)
}

// settings writes what API Gateway holds of the API as a whole.
func (e *exporter) settings(doc *node) {
	responses := object()
	for _, responseType := range sorted(e.GatewayResponses) {
		g := e.GatewayResponses[responseType]
		r := object()
		if g.StatusCode != "" {
			r.set("statusCode", number(g.StatusCode))
		}
		r.setUnlessNil("responseParameters", textMap(g.ResponseParameters))
		if !maps.Equal(g.ResponseTemplates, whole(plan.GatewayResponse{}).ResponseTemplates) {
			r.setUnlessNil("responseTemplates", textMap(g.ResponseTemplates))
		}
		responses.set(responseType, r)
	}
	doc.setUnlessEmpty(extension+"gateway-responses", responses)
	if len(e.BinaryMediaTypes) > 0 {
		doc.set(extension+"binary-media-types", texts(e.BinaryMediaTypes))
	}
	if e.MinimumCompressionSize != nil {
		doc.set(extension+"minimum-compression-size", integer(*e.MinimumCompressionSize))
	}
	if e.APIKeySource != "" && e.APIKeySource != "HEADER" {
		doc.set(extension+"api-key-source", text(e.APIKeySource))
	}
	if policy, err := readNode([]byte(e.ResourcePolicy)); err == nil {
		doc.set(extension+"policy", policy)
	}
	doc.setText(extension+"security-policy", e.SecurityPolicy)
	doc.setText(extension+"endpoint-access-mode", e.EndpointAccessMode)
}
