package execution

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/policy"
)

// Latest is the qualifier of a function's unpublished version.
const Latest = "$LATEST"

// A Function is the document of a Lambda function with all its versions,
// aliases and resource policies. It stands at FunctionKey.
type Function struct {
	Account string
	Region  string
	Name    string

	Latest   Configuration
	Versions map[string]Configuration `json:",omitempty"` // published, by number
	Aliases  map[string]Alias         `json:",omitempty"`

	// NextVersion is the number of the version published next. It does not go
	// back when versions are deleted.
	NextVersion int

	// Policies are the resource policies by qualifier; that of the unqualified
	// function is at "".
	Policies map[string]ResourcePolicy `json:",omitempty"`

	Tags map[string]string `json:",omitempty"`

	// ReservedConcurrency is nil when none is reserved.
	ReservedConcurrency *int `json:",omitempty"`

	EventInvoke   map[string]EventInvoke       `json:",omitempty"` // by qualifier; Latest for the function without one
	Provisioned   map[string]Provisioned       `json:",omitempty"` // by version or alias
	URLs          map[string]URL               `json:",omitempty"` // by alias; "" for the function without one
	Runtimes      map[string]RuntimeManagement `json:",omitempty"` // by version
	RecursiveLoop string                       `json:",omitempty"` // Allow; empty for Terminate
	CodeSigning   string                       `json:",omitempty"` // ARN of its code signing configuration
}

// A Configuration is one version of a function: its code and how to run it.
type Configuration struct {
	Version      string // Latest, or a number
	Description  string
	Runtime      string // "python3.13"; empty for container images
	Handler      string
	Role         string // ARN
	MemoryMB     int
	Timeout      time.Duration
	Environment  map[string]string // nil if none was ever given
	EphemeralMB  int               // size of /tmp
	Architecture string            // x86_64 or arm64
	TracingMode  string            // PassThrough or Active
	LogGroup     string            // the name of its log group
	LogFormat    string            // Text or JSON

	Code         Code
	RevisionID   string
	LastModified time.Time

	State                string // Active, Inactive, Pending or Failed
	StateReason          string `json:",omitempty"`
	StateReasonCode      string `json:",omitempty"`
	LastUpdateStatus     string // Successful, InProgress or Failed
	LastUpdateReason     string `json:",omitempty"`
	LastUpdateReasonCode string `json:",omitempty"`
	DeadLetterTarget     string `json:",omitempty"`
	RuntimeVersionARN    string `json:",omitempty"`
	RuntimeWarning       string `json:",omitempty"` // lamgate's own: the host's runtime is not the one asked for
	Fingerprint          string `json:",omitempty"` // of a published version: what it was made of
	SnapStartApplyOn     string `json:",omitempty"`
	ApplicationLogLevel  string `json:",omitempty"`
	SystemLogLevel       string `json:",omitempty"`
	KMSKeyARN            string `json:",omitempty"`

	PackageType string `json:",omitempty"` // Image; empty for Zip
	Image       *Image `json:",omitempty"` // of a container image's function
	// NextImage is what an update in progress brings, with NextArchitecture.
	NextImage        *Image  `json:",omitempty"`
	NextArchitecture string  `json:",omitempty"`
	Layers           []Layer `json:",omitempty"` // in order: later ones cover earlier ones
}

// IsImage reports whether the code is a container image.
func (c *Configuration) IsImage() bool { return c.PackageType == "Image" }

// Code is a deployment package: a ZIP file in the blob store.
type Code struct {
	SHA256 string // base64, as CodeSha256
	Size   int64  // bytes
	Blob   string // key in the blob store

	Unpacked int64 `json:",omitempty"` // bytes of its files, as its directory claims; 0 if not known
}

// An Image is a container image, and what a function changes of the image's own
// configuration.
type Image struct {
	URI      string // as it was given
	Resolved string // the same with the digest of what it meant then
	Digest   string // sha256:… of the manifest for the function's architecture

	EntryPoint       []string `json:",omitempty"` // nil for the image's own
	Command          []string `json:",omitempty"`
	WorkingDirectory string   `json:",omitempty"`
}

// A Layer is a version of a layer as a function uses it. The function keeps its
// code when the version is deleted.
type Layer struct {
	ARN  string // with the version
	Code Code
}

// A LayerVersion is the document of a layer's version. It stands at LayerKey.
type LayerVersion struct {
	Account       string
	Region        string
	Name          string
	Version       int
	Description   string   `json:",omitempty"`
	License       string   `json:",omitempty"`
	Runtimes      []string `json:",omitempty"` // that it says it is for
	Architectures []string `json:",omitempty"`
	Created       time.Time
	Code          Code
	Policy        ResourcePolicy `json:",omitzero"`
}

// An Alias is a name for a version.
type Alias struct {
	Name           string
	Version        string
	Description    string
	RevisionID     string
	RoutingWeights map[string]float64 `json:",omitempty"` // further versions, and the share of requests each takes
}

// A ResourcePolicy is who may do what with a function or a version of it.
type ResourcePolicy struct {
	Document   policy.Document
	RevisionID string
}

// An EventInvoke is how asynchronous invocations are treated.
type EventInvoke struct {
	MaxRetries *int           `json:",omitempty"` // nil: two
	MaxAge     *time.Duration `json:",omitempty"` // nil: six hours
	OnSuccess  string         `json:",omitempty"` // ARN of a destination
	OnFailure  string         `json:",omitempty"`
	Modified   time.Time
}

// Provisioned is the concurrency that is to stand ready.
type Provisioned struct {
	Requested int
	Modified  time.Time
}

// A URL is a function URL.
type URL struct {
	ID         string // its first label
	AuthType   string // NONE or AWS_IAM
	InvokeMode string // BUFFERED or RESPONSE_STREAM
	CORS       *CORS  `json:",omitempty"`
	Created    time.Time
	Modified   time.Time
}

// CORS is what a function URL answers browsers of other origins.
type CORS struct {
	AllowCredentials bool     `json:",omitempty"`
	AllowHeaders     []string `json:",omitempty"`
	AllowMethods     []string `json:",omitempty"`
	AllowOrigins     []string `json:",omitempty"`
	ExposeHeaders    []string `json:",omitempty"`
	MaxAge           *int     `json:",omitempty"` // seconds
}

// RuntimeManagement is when a version's runtime is updated.
type RuntimeManagement struct {
	UpdateOn string // Auto, FunctionUpdate or Manual
	ARN      string `json:",omitempty"` // of the runtime version, if Manual
}

// LayersPrefix is the prefix of all layer versions' keys.
const LayersPrefix = "layers/"

// LayerKey is the key of a layer version's document.
func LayerKey(account, region, name string, version int) string {
	return LayersPrefix + account + "/" + region + "/" + name + "/" + strconv.Itoa(version)
}

// FunctionKey is the key of a function's document.
func FunctionKey(account, region, name string) string {
	return FunctionsPrefix + account + "/" + region + "/" + name
}

// FunctionsPrefix is the prefix of all functions' keys.
const FunctionsPrefix = "functions/"

// A FunctionRef names a function and, optionally, one of its versions or
// aliases.
type FunctionRef struct {
	Account   string
	Region    string
	Name      string
	Qualifier string // a version, an alias, Latest, or empty
}

// Key returns the key of the function's document.
func (r FunctionRef) Key() string { return FunctionKey(r.Account, r.Region, r.Name) }

// ARN returns the function's ARN, with the qualifier if there is one.
func (r FunctionRef) ARN() string {
	resource := "function:" + r.Name
	if r.Qualifier != "" {
		resource += ":" + r.Qualifier
	}
	return aws.NewARN("lambda", r.Region, r.Account, resource).String()
}

// ParseFunctionARN reads arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER].
func ParseFunctionARN(s string) (FunctionRef, error) {
	a, err := aws.ParseARN(s)
	if err != nil {
		return FunctionRef{}, err
	}
	parts := strings.Split(a.Resource, ":")
	if a.Service != "lambda" || len(parts) < 2 || len(parts) > 3 || parts[0] != "function" || parts[1] == "" {
		return FunctionRef{}, fmt.Errorf("%q is not the ARN of a Lambda function", s)
	}
	ref := FunctionRef{Account: a.Account, Region: a.Region, Name: parts[1]}
	if len(parts) == 3 {
		ref.Qualifier = parts[2]
	}
	return ref, nil
}

// Resolve returns the configuration that a qualifier names. An alias with
// routing weights is decided by draw, a number in [0,1).
func (f *Function) Resolve(qualifier string, draw float64) (*Configuration, bool) {
	if qualifier == "" || qualifier == Latest {
		return &f.Latest, true
	}
	if alias, ok := f.Aliases[qualifier]; ok {
		qualifier = alias.Version
		for version, weight := range alias.RoutingWeights {
			if draw -= weight; draw < 0 {
				qualifier = version
				break
			}
		}
		if qualifier == Latest {
			return &f.Latest, true
		}
	}
	c, ok := f.Versions[qualifier]
	return &c, ok
}
