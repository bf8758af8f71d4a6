package botocore

import (
	"bytes"
	"encoding/json"
	"io"
)

// A Model is what is read of a service-2.json.
type Model struct {
	Metadata struct {
		APIVersion     string
		EndpointPrefix string
		JSONVersion    string
		Protocol       string
		ServiceID      string
		SigningName    string
		TargetPrefix   string
		XMLNamespace   xmlNamespace
	}
	Operations map[string]*Operation
	Shapes     map[string]*Shape
}

// An Operation of a model.
type Operation struct {
	Name string
	HTTP struct {
		Method       string
		RequestURI   string
		ResponseCode int
	}
	Input, Output *Ref
	Errors        []Ref
}

// A Shape of a model.
type Shape struct {
	Type            string
	Members         members
	Required        []string
	Member          *Ref
	Key, Value      *Ref
	LocationName    string
	Payload         string
	Flattened       bool
	Streaming       bool
	Union           bool
	Document        bool
	EventStream     bool
	Box             bool
	Enum            []string
	Min, Max        *float64
	Pattern         string
	TimestampFormat string
	XMLNamespace    xmlNamespace
	Exception       bool
	Fault           bool
	Error           struct {
		Code           string
		HTTPStatusCode int
		SenderFault    bool
		Fault          bool
	}
}

// A Ref is a member's, element's or message's reference to a shape.
type Ref struct {
	Shape            string
	Location         string
	LocationName     string
	QueryName        string
	ResultWrapper    string
	Flattened        bool
	Streaming        bool
	IdempotencyToken bool
	XMLAttribute     bool
	JSONValue        bool
	HostLabel        bool
	TimestampFormat  string
	XMLNamespace     xmlNamespace
}

type namedRef struct {
	name string
	Ref
}

// members keeps the order of the model, which a map would lose.
type members []namedRef

func (m *members) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		n := namedRef{name: name.(string)}
		if err := d.Decode(&n.Ref); err != nil {
			return err
		}
		*m = append(*m, n)
	}
	return nil
}

// An xmlNamespace is written as a string or as an object.
type xmlNamespace struct{ URI, Prefix string }

func (x *xmlNamespace) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		return json.Unmarshal(text, &x.URI)
	}
	type plain xmlNamespace
	return json.Unmarshal(text, (*plain)(x))
}

// Parse reads a service-2.json.
func Parse(r io.Reader) (*Model, error) {
	m := new(Model)
	return m, json.NewDecoder(r).Decode(m)
}
