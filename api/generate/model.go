package main

import (
	"bytes"
	"encoding/json"
	"io"
)

// A model is what is read of a service-2.json.
type model struct {
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
	Operations map[string]*operation
	Shapes     map[string]*shape
}

type operation struct {
	Name string
	HTTP struct {
		Method       string
		RequestURI   string
		ResponseCode int
	}
	Input, Output *ref
	Errors        []ref
}

type shape struct {
	Type            string
	Members         members
	Required        []string
	Member          *ref
	Key, Value      *ref
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

// A ref is a member's, element's or message's reference to a shape.
type ref struct {
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
	ref
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
		if err := d.Decode(&n.ref); err != nil {
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

func parseModel(r io.Reader) (*model, error) {
	m := new(model)
	return m, json.NewDecoder(r).Decode(m)
}
