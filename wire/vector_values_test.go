package wire_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/api"
)

// structOf makes the Go struct that api/generate would have written.
func structOf(t *testing.T, s *api.Service, shape int) reflect.Type {
	return goType(t, s, shape, nil)
}

var goScalars = map[api.Kind]reflect.Type{
	api.String:    reflect.TypeFor[string](),
	api.Boolean:   reflect.TypeFor[bool](),
	api.Integer:   reflect.TypeFor[int32](),
	api.Long:      reflect.TypeFor[int64](),
	api.Float:     reflect.TypeFor[float32](),
	api.Double:    reflect.TypeFor[float64](),
	api.Timestamp: reflect.TypeFor[time.Time](),
	api.Blob:      reflect.TypeFor[[]byte](),
	api.Document:  reflect.TypeFor[any](),
}

func goType(t *testing.T, s *api.Service, shape int, above []int) reflect.Type {
	if slices.Contains(above, shape) {
		t.Skip("recursive types cannot be made by reflection")
	}
	above = append(slices.Clip(above), shape)
	sh := &s.Shapes[shape]
	switch sh.Kind {
	case api.List:
		return reflect.SliceOf(goType(t, s, sh.Element, above))
	case api.Map:
		return reflect.MapOf(goType(t, s, sh.Key, above), goType(t, s, sh.Value, above))
	case api.Structure:
		var fields []reflect.StructField
		for i := range sh.Members {
			m := &sh.Members[i]
			typ := goType(t, s, m.Shape, above)
			switch {
			case m.Streaming:
				typ = reflect.TypeFor[io.ReadCloser]()
			case typ.Kind() != reflect.Slice && typ.Kind() != reflect.Map && typ.Kind() != reflect.Interface:
				typ = reflect.PointerTo(typ)
			}
			fields = append(fields, reflect.StructField{Name: strings.ToUpper(m.Name[:1]) + m.Name[1:], Type: typ})
		}
		return reflect.StructOf(fields)
	}
	return goScalars[sh.Kind]
}

// fill sets a Go value from the JSON in which the cases state values.
func fill(t *testing.T, s *api.Service, shape int, value any, v reflect.Value) {
	t.Helper()
	if value == nil {
		return
	}
	sh := &s.Shapes[shape]
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch sh.Kind {
	case api.Structure:
		for i := range sh.Members {
			m := &sh.Members[i]
			member, ok := value.(map[string]any)[m.Name]
			if !ok {
				continue
			}
			if m.Streaming {
				v.Field(i).Set(reflect.ValueOf(io.NopCloser(strings.NewReader(member.(string)))))
				continue
			}
			if text, isText := member.(string); m.JSONValue && !isText {
				encoded, _ := json.Marshal(member)
				member = string(encoded)
			} else if m.JSONValue {
				member = text
			}
			fill(t, s, m.Shape, member, v.Field(i))
		}
	case api.List:
		list := reflect.MakeSlice(v.Type(), 0, 0)
		for _, e := range value.([]any) {
			if e == nil {
				t.Skip("a list of values cannot hold null")
			}
			item := reflect.New(v.Type().Elem()).Elem()
			fill(t, s, sh.Element, e, item)
			list = reflect.Append(list, item)
		}
		v.Set(list)
	case api.Map:
		m := reflect.MakeMap(v.Type())
		for k, e := range value.(map[string]any) {
			if e == nil {
				t.Skip("a map of values cannot hold null")
			}
			item := reflect.New(v.Type().Elem()).Elem()
			fill(t, s, sh.Value, e, item)
			m.SetMapIndex(reflect.ValueOf(k), item)
		}
		v.Set(m)
	case api.String:
		v.SetString(value.(string))
	case api.Boolean:
		v.SetBool(value.(bool))
	case api.Integer, api.Long:
		v.SetInt(int64(value.(float64)))
	case api.Float, api.Double:
		v.SetFloat(floatOf(value))
	case api.Blob:
		v.SetBytes([]byte(value.(string)))
	case api.Timestamp:
		v.Set(reflect.ValueOf(timeOf(t, value)))
	case api.Document:
		v.Set(reflect.ValueOf(withNumbers(value)))
	default:
		t.Fatalf("kind %d", sh.Kind)
	}
}

func floatOf(value any) float64 {
	switch x := value.(type) {
	case float64:
		return x
	case string:
		switch x {
		case "Infinity":
			return math.Inf(1)
		case "-Infinity":
			return math.Inf(-1)
		}
	}
	return math.NaN()
}

func timeOf(t *testing.T, value any) time.Time {
	if seconds, ok := value.(float64); ok {
		return time.UnixMilli(int64(seconds * 1000)).UTC()
	}
	at, err := time.Parse(time.RFC3339, value.(string))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// withNumbers makes the numbers of a document what the decoder makes them.
func withNumbers(value any) any {
	switch x := value.(type) {
	case float64:
		return json.Number(fmt.Sprint(x))
	case map[string]any:
		for k, e := range x {
			x[k] = withNumbers(e)
		}
	case []any:
		for i, e := range x {
			x[i] = withNumbers(e)
		}
	}
	return value
}
