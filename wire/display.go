package wire

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api"
)

// display prints a value as Java's toString does, which AWS's messages quote.
func (v *validation) display(sh *api.Shape, value reflect.Value) string {
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	switch sh.Kind {
	case api.List:
		parts := make([]string, value.Len())
		for i := range parts {
			parts[i] = v.display(&v.service.Shapes[sh.Element], value.Index(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case api.Map:
		var parts []string
		for _, k := range sortedKeys(value) {
			parts = append(parts, k.String()+"="+v.display(&v.service.Shapes[sh.Value], value.MapIndex(k)))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case api.Structure:
		var parts []string
		for i := range sh.Members {
			if f := value.Field(i); !absent(f) {
				parts = append(parts, lowerFirst(sh.Members[i].Name)+"="+v.display(&v.service.Shapes[sh.Members[i].Shape], f))
			}
		}
		return sh.Name + "(" + strings.Join(parts, ", ") + ")"
	}
	return display(sh, value)
}

func display(sh *api.Shape, value reflect.Value) string {
	switch sh.Kind {
	case api.Blob:
		return fmt.Sprintf("java.nio.HeapByteBuffer[pos=0 lim=%d cap=%[1]d]", value.Len())
	case api.Float, api.Double:
		text := strconv.FormatFloat(value.Float(), 'f', -1, value.Type().Bits())
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	}
	return string(appendScalar(nil, sh, api.ISO8601, value))
}

func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}

func sortedNames(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
