// Package resource knows the resource types: what properties each has, which of
// them replace the resource when they change, and how to create, update and
// delete one through the operations of its service.
//
// The way through it:
//
//   - type.go: Type, what the engine needs of a resource type, and the Catalogue
//     of them all;
//   - property.go and check.go: the tables of properties, and the check of a
//     template against them: a property that lamgate lacks is refused with its
//     line, never dropped;
//   - fill.go: properties as the input of an operation;
//   - name.go: physical names as AWS makes them; tag.go: tags; patch.go: API
//     Gateway's patch operations;
//   - one file for each resource type, named after its service and itself.
//
// It calls only the interfaces of api/<service>, as any client would, and keeps
// no state: what became of a resource is the engine's to remember.
package resource
