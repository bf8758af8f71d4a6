package apigateway

// A documentationPart describes one entity of an API.
type documentationPart struct {
	ID         string
	Location   documentationLocation
	Properties string // JSON, as it was given
}

// A documentationLocation names the entity that a part describes. A part's
// location is unique among those of its API.
type documentationLocation struct {
	Type       string
	Path       string `json:",omitempty"`
	Method     string `json:",omitempty"`
	StatusCode string `json:",omitempty"`
	Name       string `json:",omitempty"`
}
