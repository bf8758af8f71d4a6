package apigateway

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

// A restAPI is a REST API's whole document: what the data plane reads of it,
// and what takes effect with the next deployment.
type restAPI struct {
	plan.RestAPI

	Name        string
	Description string `json:",omitempty"`
	Version     string `json:",omitempty"`
	Created     time.Time
	Tags        map[string]string `json:",omitempty"`

	EndpointType           string
	IPAddressType          string
	VPCEndpointIDs         []string `json:",omitempty"`
	SecurityPolicy         string   `json:",omitempty"`
	EndpointAccessMode     string   `json:",omitempty"`
	BinaryMediaTypes       []string `json:",omitempty"`
	MinimumCompressionSize *int     `json:",omitempty"`
	APIKeySource           string
	Policy                 string `json:",omitempty"`

	RootID           string
	Resources        map[string]*plan.Resource // by ID
	Models           map[string]*plan.Model    `json:",omitempty"` // by name
	Validators       map[string]*plan.RequestValidator
	GatewayResponses map[string]plan.GatewayResponse `json:",omitempty"`
	Authorizers      map[string]*authorizer          `json:",omitempty"`
	Deployments      map[string]*deployment          // by ID

	DocumentationParts    map[string]*documentationPart    `json:",omitempty"` // by ID
	DocumentationVersions map[string]*documentationVersion `json:",omitempty"` // by version
}

// A deployment is what the API's document knows of a plan.Deployment.
type deployment struct {
	ID          string
	Description string `json:",omitempty"`
	Created     time.Time
}

// An authorizer is one that an imported document defined. Methods refer to it;
// it is not consulted by the data plane, which denies instead.
type authorizer struct {
	ID                           string
	Name                         string
	Type                         string   // TOKEN, REQUEST or COGNITO_USER_POOLS
	AuthType                     string   `json:",omitempty"`
	ProviderARNs                 []string `json:",omitempty"`
	URI                          string   `json:",omitempty"`
	Credentials                  string   `json:",omitempty"`
	IdentitySource               string   `json:",omitempty"`
	IdentityValidationExpression string   `json:",omitempty"`
	ResultTTL                    *int32   `json:",omitempty"`
}

func (a *restAPI) belongsTo(ctx context.Context) bool { return owns(ctx, a.Account, a.Region) }

// owns reports whether what is of an account and region is the caller's.
func owns(ctx context.Context, account, region string) bool {
	c := aws.CallerFrom(ctx)
	return account == c.Account && region == c.Region
}

// byPath returns the resources in the order of their paths.
func (a *restAPI) byPath() []*plan.Resource {
	list := make([]*plan.Resource, 0, len(a.Resources))
	for _, r := range a.Resources {
		list = append(list, r)
	}
	slices.SortFunc(list, func(x, y *plan.Resource) int { return cmp.Compare(x.Path, y.Path) })
	return list
}

// newID returns an identifier of n characters that taken does not hold.
func newID[V any](n int, taken map[string]V) string {
	for {
		id := aws.NewResourceID(n)
		if _, ok := taken[id]; !ok {
			return id
		}
	}
}

// put adds to a map that may be nil.
func put[K comparable, V any](m *map[K]V, key K, v V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = v
}

// sorted returns a map's keys in order.
func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
