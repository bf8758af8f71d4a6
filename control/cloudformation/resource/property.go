package resource

import "maps"

// A Kind is the kind of value that a property takes. Scalars are taken in each
// other's form where they can be, as AWS takes them.
type Kind uint8

// The kinds of properties.
const (
	String Kind = iota
	Integer
	Double
	Boolean
	JSON // an object, or a string that holds one
	List
	Map
	Object
)

func (k Kind) String() string {
	return [...]string{"String", "Integer", "Double", "Boolean", "Json", "List", "Map", "Object"}[k]
}

// A Property is one property of a resource type.
type Property struct {
	Kind     Kind
	Of       *Property  // the elements of a List, the values of a Map; nil for strings
	Members  Properties // of an Object
	Required bool
	Replace  bool     // changing it replaces the resource
	Only     []string // the values that lamgate supports, if not all
	Missing  bool     // AWS has it and lamgate does not
	Empty    bool     // of a List: lamgate takes it without elements only
}

// Properties are the properties of a type or object, by name.
type Properties map[string]Property

// missing adds properties that AWS has and lamgate does not.
func (p Properties) missing(names ...string) Properties {
	all := maps.Clone(p)
	for _, name := range names {
		all[name] = Property{Missing: true}
	}
	return all
}

// objects is a Property for a list of objects.
func objects(members Properties) Property {
	return Property{Kind: List, Of: &Property{Kind: Object, Members: members}}
}

// tags is the property Tags of most types.
func tags() Property {
	return objects(Properties{"Key": {Required: true}, "Value": {Required: true}})
}
