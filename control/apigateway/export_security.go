package apigateway

import (
	"strings"

	"github.com/lamgate/lamgate/gateway/plan"
)

// nameSchemes gives everything that guards a method a name, and writes the
// schemes of those that do. A method whose authorizer is not known is not
// exported as open.
func (e *exporter) nameSchemes() error {
	e.schemes = map[string]*node{}
	for _, id := range sorted(e.Authorizers) {
		au := e.Authorizers[id]
		e.schemes[au.Name] = e.authorizerScheme(au)
	}
	e.apiKey, e.sigV4 = e.freeName("api_key"), e.freeName("sigv4")
	for _, r := range e.Resources {
		for _, m := range r.Methods {
			if m.AuthorizerID != "" && e.Authorizers[m.AuthorizerID] == nil {
				return badRequest("The deployment cannot be exported: %s %s is guarded by the authorizer %s, which is not known. Create a new deployment.", m.HTTPMethod, r.Path, m.AuthorizerID)
			}
			if m.APIKeyRequired {
				e.schemes[e.apiKey] = headerScheme("x-api-key")
			}
			if m.AuthorizationType == authIAM {
				scheme := headerScheme("Authorization")
				scheme.set(extension+"authtype", text("awsSigv4"))
				e.schemes[e.sigV4] = scheme
			}
		}
	}
	return nil
}

// freeName returns a name that no authorizer has: one that is called api_key
// must not become what looks for a key.
func (e *exporter) freeName(name string) string {
	for e.schemes[name] != nil {
		name += "_"
	}
	return name
}

func headerScheme(header string) *node {
	n := object()
	n.set("type", text("apiKey"))
	n.set("name", text(header))
	n.set("in", text("header"))
	return n
}

// fromHeader is what an authorizer's identity source begins with if it is a
// header.
const fromHeader = "method.request.header."

// authorizerScheme writes an authorizer. Without its extension nothing guards
// the document's methods, so that it is no API Gateway that will serve it.
func (e *exporter) authorizerScheme(au *authorizer) *node {
	header, isHeader := strings.CutPrefix(au.IdentitySource, fromHeader)
	if isRequest := au.Type == "REQUEST"; isRequest || !isHeader || strings.Contains(header, ",") {
		header, isHeader = "Unused", false
	}
	n := headerScheme(header)
	if !e.authorizers {
		return n
	}
	authType := au.AuthType
	switch {
	case authType != "":
	case au.Type == authCognito:
		authType = "cognito_user_pools"
	default:
		authType = "custom"
	}
	n.set(extension+"authtype", text(authType))
	a := object()
	if len(au.ProviderARNs) > 0 {
		a.set("providerARNs", texts(au.ProviderARNs))
	}
	a.setText("authorizerUri", au.URI)
	a.setText("authorizerCredentials", au.Credentials)
	if au.ResultTTL != nil {
		a.set("authorizerResultTtlInSeconds", integer(int(*au.ResultTTL)))
	}
	if !isHeader {
		a.setText("identitySource", au.IdentitySource)
	}
	a.setText("identityValidationExpression", au.IdentityValidationExpression)
	a.set("type", text(strings.ToLower(au.Type)))
	n.set(extension+"authorizer", a)
	return n
}

// security writes who may call a method, or nil if everyone may.
func (e *exporter) security(m *plan.Method) *node {
	var requirements []*node
	require := func(scheme string, scopes []string) {
		n := object()
		n.set(scheme, texts(scopes))
		requirements = append(requirements, n)
	}
	if m.AuthorizationType == authIAM {
		require(e.sigV4, nil)
	}
	if au := e.Authorizers[m.AuthorizerID]; au != nil {
		require(au.Name, m.AuthorizationScopes)
	}
	if m.APIKeyRequired {
		require(e.apiKey, nil)
	}
	if requirements == nil {
		return nil
	}
	return list(requirements...)
}

// nameValidators gives the request validators names that tell them apart, and
// writes them.
func (e *exporter) nameValidators() *node {
	e.validators = map[string]string{}
	names := map[string]plan.RequestValidator{}
	for _, id := range sorted(e.Validators) {
		v := e.Validators[id]
		name := v.Name
		if _, taken := names[name]; taken || name == "" {
			name = strings.TrimSpace(name + " " + id)
		}
		e.validators[id], names[name] = name, v
	}
	nodes := object()
	for _, name := range sorted(names) {
		n := object()
		n.set("validateRequestParameters", boolean(names[name].Parameters))
		n.set("validateRequestBody", boolean(names[name].Body))
		nodes.set(name, n)
	}
	return nodes
}
