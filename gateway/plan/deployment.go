package plan

import "time"

// The prefixes of the keys of the documents that the data plane reads. IDs are
// unique in the store, whatever their account and region.
const (
	RestAPIsPrefix           = "restapis/"
	DeploymentsPrefix        = "deployments/"
	ClientCertificatesPrefix = "clientcertificates/"
	VPCLinksPrefix           = "vpclinks/"
)

// RestAPIKey is the key of a REST API's document.
func RestAPIKey(api string) string { return RestAPIsPrefix + api }

// DeploymentKey is the key of a deployment's document.
func DeploymentKey(api, deployment string) string {
	return DeploymentsPrefix + api + "/" + deployment
}

// A RestAPI is what the data plane reads of a REST API's document: the part
// that takes effect without a deployment. control/apigateway embeds it in the
// whole document, so that both change in one write.
type RestAPI struct {
	ID      string
	Account string
	Region  string
	Stages  map[string]*Stage `json:",omitempty"`

	// DisableExecuteAPI closes the default endpoint.
	DisableExecuteAPI bool `json:",omitempty"`
}

// A Stage publishes a deployment.
type Stage struct {
	Name        string
	Deployment  string            // its ID
	Variables   map[string]string `json:",omitempty"`
	Description string            `json:",omitempty"`
	Tags        map[string]string `json:",omitempty"`
	Created     time.Time
	Updated     time.Time

	TracingEnabled       bool                      `json:",omitempty"`
	CacheClusterEnabled  bool                      `json:",omitempty"`
	CacheClusterSize     string                    `json:",omitempty"`
	CacheClusterStatus   string                    `json:",omitempty"`
	ClientCertificateID  string                    `json:",omitempty"`
	DocumentationVersion string                    `json:",omitempty"`
	MethodSettings       map[string]MethodSettings `json:",omitempty"` // by "{resource path}/{method}" or "*/*"
	AccessLog            *AccessLog                `json:",omitempty"`
	WebACLARN            string                    `json:",omitempty"`
	Canary               *Canary                   `json:",omitempty"`

	// CacheFlushed is when the cache was last emptied: what was stored before
	// is not served.
	CacheFlushed time.Time `json:",omitzero"`
}

// A Canary sends a part of a stage's requests to another deployment.
type Canary struct {
	Percent           float64           // of the requests, 0 to 100
	Deployment        string            // its ID
	VariableOverrides map[string]string `json:",omitempty"`
	UseStageCache     bool              // else the canary has a cache of its own
}

// MethodSettings are a stage's settings for the methods they are given for.
type MethodSettings struct {
	MetricsEnabled                         bool
	LoggingLevel                           string // OFF, ERROR or INFO
	DataTraceEnabled                       bool
	ThrottlingBurstLimit                   int     // -1 for no limit; 0 lets nothing through
	ThrottlingRateLimit                    float64 // requests a second
	CachingEnabled                         bool
	CacheTTL                               int // seconds
	CacheDataEncrypted                     bool
	RequireAuthorizationForCacheControl    bool
	UnauthorizedCacheControlHeaderStrategy string
}

// AccessLog is where and how a stage logs each request.
type AccessLog struct {
	DestinationARN string
	Format         string
}

// A Deployment is the snapshot of a REST API at the moment it was deployed.
type Deployment struct {
	ID          string
	API         string // the REST API's ID
	Account     string
	Region      string
	Name        string // of the REST API
	Description string `json:",omitempty"`
	Created     time.Time

	EndpointType           string   // EDGE, REGIONAL or PRIVATE
	BinaryMediaTypes       []string `json:",omitempty"`
	APIKeySource           string   // HEADER or AUTHORIZER
	ResourcePolicy         string   `json:",omitempty"` // JSON; guards access
	MinimumCompressionSize *int     `json:",omitempty"`

	Resources        []Resource
	Models           map[string]Model            `json:",omitempty"` // by name
	Validators       map[string]RequestValidator `json:",omitempty"` // by ID
	GatewayResponses map[string]GatewayResponse  `json:",omitempty"` // by response type
}

// A Resource is one path of an API.
type Resource struct {
	ID       string
	ParentID string             `json:",omitempty"`
	PathPart string             `json:",omitempty"`
	Path     string             // "/users/{id}"
	Methods  map[string]*Method `json:",omitempty"` // by HTTP method or ANY
	CORS     map[string]string  `json:",omitempty"`
}

// A Method is what a resource does for one HTTP method. Its maps, and those of
// what it holds, may be empty but not nil: AWS answers an empty one with {} and
// leaves out the other.
type Method struct {
	HTTPMethod          string
	AuthorizationType   string            // NONE, AWS_IAM, CUSTOM or COGNITO_USER_POOLS
	AuthorizerID        string            `json:",omitempty"`
	AuthorizationScopes []string          `json:",omitempty"`
	APIKeyRequired      bool              `json:",omitempty"`
	OperationName       string            `json:",omitempty"`
	RequestValidatorID  string            `json:",omitempty"`
	RequestModels       map[string]string `json:",omitzero"` // model name by content type
	RequestParameters   map[string]bool   `json:",omitzero"` // required, by method.request.LOCATION.NAME

	Responses   map[string]*MethodResponse `json:",omitempty"` // by status
	Integration *Integration               `json:",omitempty"`
}

// A MethodResponse is what a method declares of its responses of one status.
type MethodResponse struct {
	StatusCode         string
	ResponseModels     map[string]string `json:",omitzero"`
	ResponseParameters map[string]bool   `json:",omitzero"`
}

// An Integration is what serves a method.
type Integration struct {
	Type                     string            // AWS, AWS_PROXY, HTTP, HTTP_PROXY or MOCK
	HTTPMethod               string            `json:",omitempty"`
	URI                      string            `json:",omitempty"`
	ConnectionType           string            `json:",omitempty"` // INTERNET or VPC_LINK
	ConnectionID             string            `json:",omitempty"`
	Credentials              string            `json:",omitempty"` // role ARN, or arn:aws:iam::*:user/*
	PassthroughBehavior      string            `json:",omitempty"`
	ContentHandling          string            `json:",omitempty"`
	TimeoutMillis            int               // 50 to 29,000
	CacheNamespace           string            `json:",omitempty"`
	CacheKeyParameters       []string          `json:",omitempty"`
	RequestParameters        map[string]string `json:",omitzero"`
	RequestTemplates         map[string]string `json:",omitzero"`
	InsecureSkipVerification bool              `json:",omitempty"`
	ResponseTransferMode     string            `json:",omitempty"`

	Responses map[string]*IntegrationResponse `json:",omitempty"` // by status
}

// An IntegrationResponse maps what an integration answered to a method response.
type IntegrationResponse struct {
	StatusCode         string
	SelectionPattern   *string           `json:",omitempty"` // nil for the default response
	ContentHandling    string            `json:",omitempty"`
	ResponseParameters map[string]string `json:",omitzero"`
	ResponseTemplates  map[string]string `json:",omitzero"`
}

// A Model is a JSON schema.
type Model struct {
	ID          string
	Name        string
	Description string `json:",omitempty"`
	ContentType string
	Schema      string
}

// A RequestValidator says which parts of a request are validated.
type RequestValidator struct {
	ID         string
	Name       string
	Body       bool
	Parameters bool
}

// A GatewayResponse customises a response that the gateway itself makes.
type GatewayResponse struct {
	ResponseType       string
	StatusCode         string            `json:",omitempty"`
	ResponseParameters map[string]string `json:",omitempty"`
	ResponseTemplates  map[string]string `json:",omitempty"`
}

// A ClientCertificate is what a stage shows to the HTTP endpoints that it calls.
type ClientCertificate struct {
	ID          string
	Account     string
	Region      string
	Description string `json:",omitempty"`
	Certificate string // PEM
	PrivateKey  string // PEM; never shown
	Created     time.Time
	Expires     time.Time
	Tags        map[string]string `json:",omitempty"`
}

// A VPCLink is a way into a private network. What it leads to is given when
// lamgate is started, by the link's ID or name.
type VPCLink struct {
	ID          string
	Account     string
	Region      string
	Name        string
	Description string            `json:",omitempty"`
	TargetARNs  []string          `json:",omitempty"`
	Tags        map[string]string `json:",omitempty"`
}

// ClientCertificateKey is the key of a client certificate's document.
func ClientCertificateKey(id string) string { return ClientCertificatesPrefix + id }

// VPCLinkKey is the key of a VPC link's document.
func VPCLinkKey(id string) string { return VPCLinksPrefix + id }
