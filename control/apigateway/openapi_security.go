package apigateway

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/plan"
)

// A scheme is how a document secures an operation.
type scheme struct {
	authorizer *authorizer // a function or a user pool decides
	iam        bool        // the request is signed
	apiKey     bool        // the request has an API key
}

// securitySchemes returns the document's.
func (i *importer) securitySchemes() *node {
	if s := i.doc.get("securityDefinitions"); s != nil {
		return s
	}
	return i.doc.get("components", "securitySchemes")
}

// readSchemes reads the document's security schemes and creates the authorizers
// among them. Schemes of no kind that API Gateway knows are left out, so that
// an operation that names one is refused: AWS would leave it open.
func (i *importer) readSchemes() {
	i.schemes = map[string]*scheme{}
	for name, n := range i.securitySchemes().all() {
		n = i.deref(n)
		i.checkExtensions(n, "scheme", "security scheme '"+name+"'")
		auth := i.extension(n, "authorizer")
		switch {
		case auth != nil:
			au, err := i.readAuthorizer(name, n, auth)
			if err != nil {
				i.fail("Unable to create authorizer from security definition: '%s': %s", name, message(err))
				continue
			}
			i.schemes[name] = &scheme{authorizer: au}
		case strings.EqualFold(i.extension(n, "authtype").str(), "awsSigv4"):
			i.schemes[name] = &scheme{iam: true}
		case n.get("type").str() == "apiKey" && n.get("in").str() == "header" && strings.EqualFold(n.get("name").str(), "x-api-key"):
			i.schemes[name] = &scheme{apiKey: true}
		}
	}
}

// authorizerFields are the fields of an authorizer that are read.
var authorizerFields = []string{
	"type", "providerARNs", "authorizerUri", "authorizerCredentials", "identitySource",
	"identityValidationExpression", "authorizerResultTtlInSeconds",
}

func (i *importer) readAuthorizer(name string, n, auth *node) (*authorizer, error) {
	for key := range auth.all() {
		switch {
		case slices.Contains(authorizerFields, key) || strings.HasPrefix(key, "x-"):
		case slices.Contains([]string{"authorizerPayloadFormatVersion", "enableSimpleResponses"}, key):
			i.warn("%s of authorizer '%s' applies to HTTP APIs only. Ignoring.", key, name)
		default:
			return nil, badRequest("lamgate does not support %s of an authorizer", key)
		}
	}
	au := &authorizer{
		Name:                         name,
		Type:                         strings.ToUpper(auth.get("type").str()),
		AuthType:                     i.extension(n, "authtype").str(),
		ProviderARNs:                 auth.get("providerARNs").list(),
		URI:                          auth.get("authorizerUri").str(),
		Credentials:                  auth.get("authorizerCredentials").str(),
		IdentitySource:               auth.get("identitySource").str(),
		IdentityValidationExpression: auth.get("identityValidationExpression").str(),
	}
	if !slices.Contains([]string{"TOKEN", "REQUEST", authCognito}, au.Type) {
		return nil, badRequest("Invalid authorizer type specified: %s", au.Type)
	}
	if au.IdentitySource == "" && n.get("in").str() == "header" && au.Type != "REQUEST" {
		au.IdentitySource = "method.request.header." + n.get("name").str()
	}
	if ttl := auth.get("authorizerResultTtlInSeconds"); ttl != nil {
		seconds, err := strconv.ParseInt(ttl.str(), 10, 32)
		if err != nil || seconds < 0 || seconds > 3600 {
			return nil, badRequest("Authorizer result TTL must be between 0 and 3600 seconds")
		}
		au.ResultTTL = new(int32(seconds))
	}
	for _, other := range i.api.Authorizers {
		if other.Name == name {
			au.ID = other.ID
		}
	}
	if au.ID == "" {
		au.ID = newID(6, i.api.Authorizers)
	}
	put(&i.api.Authorizers, au.ID, au)
	return au, nil
}

// secure sets who may call a method. Of several alternatives all must be met:
// what cannot be told apart is closed.
func (i *importer) secure(m *plan.Method, op *node) error {
	m.AuthorizationType = authNone
	if err := i.secureByType(m, op); err != nil {
		return err
	}
	security := op.get("security")
	if security == nil {
		security = i.doc.get("security")
	}
	if security == nil {
		return nil
	}
	if security.kind != listNode {
		return badRequest("security is not a list of requirements")
	}
	for _, requirement := range security.items {
		if requirement.kind != mapNode {
			return badRequest("security is not a list of requirements")
		}
		for name, scopes := range requirement.all() {
			s := i.schemes[name]
			switch {
			case s == nil:
				return badRequest("security scheme '%s' is not defined, or of no kind that guards a method in API Gateway", name)
			case s.apiKey:
				m.APIKeyRequired = true
			case s.iam:
				m.AuthorizationType = authIAM
			case m.AuthorizerID != "" && m.AuthorizerID != s.authorizer.ID:
				return badRequest("A combination of multiple authorizers is not supported")
			default:
				m.AuthorizationType = authCustom
				if s.authorizer.Type == authCognito {
					m.AuthorizationType = authCognito
				}
				m.AuthorizerID = s.authorizer.ID
				if scopes := scopes.list(); len(scopes) > 0 {
					m.AuthorizationScopes = scopes
				}
			}
		}
	}
	return nil
}

// secureByType reads the extension that names an authorization type.
func (i *importer) secureByType(m *plan.Method, op *node) error {
	auth := i.extension(op, "auth")
	if auth == nil {
		auth = i.extension(i.doc, "auth")
	}
	if auth == nil {
		return nil
	}
	switch t := strings.ToUpper(auth.get("type").str()); t {
	case authNone, authIAM:
		m.AuthorizationType = t
		return nil
	default:
		return badRequest("Invalid authorization type specified: %s", t)
	}
}
