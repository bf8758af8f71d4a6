// Package jsontext reads and writes JSON by hand, for what every request passes:
// events and functions' answers. Nothing is allocated that need not be, and
// nothing is built that is read once.
//
//   - append.go appends strings, as AWS's Java engines write them.
//   - reader.go reads a text value by value and says where it is at fault.
//   - compact.go appends a value as it was read, without its white space, or
//     passes it over.
//
// Values that are kept, compared or changed are those of package value.
package jsontext
