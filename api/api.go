package api

import "context"

// A Protocol is one of the ways in which AWS services speak over HTTP.
type Protocol uint8

// The protocols that wire implements.
const (
	RestJSON Protocol = iota
	RestXML
	Query
	JSON10
	JSON11
)

// A Service describes one AWS service: how it is recognised and what it can do.
type Service struct {
	Name           string // botocore's directory name and the package's: "lambda", "apigateway"
	ID             string // the service ID: "Lambda", "API Gateway"
	SigningName    string // the service in a signature's scope: "lambda"
	EndpointPrefix string // the first label of its hosts: "lambda", "monitoring"
	TargetPrefix   string // before the dot in X-Amz-Target; JSON protocols only
	Version        string // the API version, "2015-03-31"
	XMLNamespace   string // of XML responses; empty without one
	Protocol       Protocol
	Operations     []Operation
	Shapes         []Shape
}

// A Handler runs one operation of one implementation. in is a pointer to the
// operation's input struct and is never nil; out is a pointer to its output
// struct, or nil if the implementation returned a nil one.
type Handler func(ctx context.Context, in any) (out any, err error)

// NewHandler returns the Handler of a method. Its input must be of the type
// that the operation's NewInput makes.
func NewHandler[In, Out any](method func(context.Context, *In) (*Out, error)) Handler {
	return func(ctx context.Context, in any) (any, error) {
		out, err := method(ctx, in.(*In))
		if out == nil {
			return nil, err
		}
		return out, err
	}
}

// An Operation describes one operation of a service.
type Operation struct {
	Name   string
	Method string // HTTP method
	URI    string // request URI template: "/restapis/{restapi_id}", "/{Bucket}/{Key+}?list-type=2"
	Status int    // HTTP status of success

	Input, Output int   // indices into Shapes; -1 for none, whose Go struct is empty
	Errors        []int // the modelled errors

	ResultWrapper string // Query: the element around the output, "CreateStackResult"

	NewInput func() any                       // a pointer to a new input struct
	Bind     func(implementation any) Handler // nil if the implementation lacks the operation
}

// A Kind is the kind of a Shape.
type Kind uint8

// The kinds of shapes.
const (
	Structure Kind = iota
	List
	Map
	String
	Integer
	Long
	Float
	Double
	Boolean
	Timestamp
	Blob
	Document
)

// A TimestampFormat is how a timestamp is written.
type TimestampFormat uint8

// The timestamp formats; DefaultFormat is that of the protocol and location.
const (
	DefaultFormat TimestampFormat = iota
	ISO8601
	UnixTimestamp
	RFC822
)

// A Shape describes one type of a service.
type Shape struct {
	Name    string
	Kind    Kind
	Members []Member // Structure: in the order of the Go struct's fields

	Element, Key, Value int    // indices into Shapes: of a List; of a Map
	ElementName         string // List: XML name of an element, if not "member"
	KeyName, ValueName  string // Map: XML names, if not "key" and "value"
	Flattened           bool   // List, Map: without an element around them

	Payload     int  // Structure: index of the member that is the body; -1 for none
	Streaming   bool // Blob: an io.ReadCloser
	EventStream bool // Structure: in Go an io.ReadCloser of encoded events
	Union       bool // Structure: exactly one member is set

	XMLName                 string // Structure: of its element where it is the whole body, if not Name
	XMLNamespace, XMLPrefix string // Structure: on its element

	// Constraints.
	Enum           []string
	Min, Max       int64
	HasMin, HasMax bool
	Pattern        string // a Java regular expression that the whole value must match

	TimestampFormat TimestampFormat

	// Errors only.
	IsError     bool
	ErrorCode   string // on the wire, if not Name
	ErrorStatus int    // 0 if the model names none
	Sender      bool   // the fault is the caller's
}

// A Location is where in a message a member stands.
type Location uint8

// The locations of members.
const (
	InBody Location = iota
	InURI
	InQuery
	InHeader
	InHeaders // a map; WireName is the prefix of the header names
	InStatus
)

// A Member describes one member of a structure.
type Member struct {
	Name             string // in the model; the Go field's name is its exported form
	WireName         string // on the wire: locationName, or Name
	Shape            int    // index into Shapes
	Location         Location
	Required         bool
	Attribute        bool // XML: an attribute
	Flattened        bool // XML: a list or map whose members stand directly here
	IdempotencyToken bool // filled in when absent
	Streaming        bool // an io.ReadCloser
	JSONValue        bool // JSON text; in a header, base64 of it
	XMLNamespace     string
	XMLPrefix        string
	TimestampFormat  TimestampFormat
}

// Operation returns the operation called name, or nil.
func (s *Service) Operation(name string) *Operation {
	for i := range s.Operations {
		if s.Operations[i].Name == name {
			return &s.Operations[i]
		}
	}
	return nil
}
