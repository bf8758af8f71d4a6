package wire

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api"
)

// A jsonDecoder reads a JSON text into the Go value of a shape.
type jsonDecoder struct {
	*service
	jsonReader
}

// decodeJSON reads a body into the struct v. Members that stand elsewhere in the
// message are passed over.
func (s *service) decodeJSON(body []byte, sh *api.Shape, v reflect.Value) error {
	d := jsonDecoder{service: s, jsonReader: jsonReader{data: body}}
	if d.atEnd() {
		return nil // an empty body is an empty object
	}
	if err := d.read(sh, v); err != nil {
		return err
	}
	return d.end()
}

// A mismatch is a value of another kind than the model says. Its words are those
// of AWS's servers, Java's class names included.
type mismatch string

func (m mismatch) Error() string { return string(m) }

// AWS: recorded from API Gateway (put-integration with a boolean and a number
// for a string). The texts for collections are as reported by users.
func (d *jsonDecoder) mismatch(sh *api.Shape) error {
	switch c := d.peek(); {
	case !strings.ContainsRune("{[\"tf-0123456789", rune(c)):
		return d.syntax("a value")
	case sh.Kind == api.Structure || sh.Kind == api.Map || sh.Kind == api.List:
		if c == '[' {
			return mismatch("Start of list found where not expected")
		}
		if c == '{' {
			return mismatch("Start of structure or map found where not expected.")
		}
		return mismatch("Unrecognized collection type " + javaClass(c))
	case c == '{':
		return mismatch("Start of structure or map found where not expected.")
	case c == '[':
		return mismatch("Start of list found where not expected")
	default:
		return mismatch(javaClass(c) + " can not be converted to an " + javaType(sh.Kind))
	}
}

func javaClass(c byte) string {
	switch c {
	case '"':
		return "class java.lang.String"
	case 't', 'f':
		return "class java.lang.Boolean"
	}
	return "class com.amazon.coral.value.json.numbers.TruncatingBigNumber"
}

func javaType(k api.Kind) string {
	switch k {
	case api.Integer:
		return "Integer"
	case api.Long:
		return "Long"
	case api.Float:
		return "Float"
	case api.Double:
		return "Double"
	case api.Boolean:
		return "Boolean"
	case api.Blob:
		return "Blob"
	case api.Timestamp:
		return "Date"
	}
	return "String"
}

func (d *jsonDecoder) read(sh *api.Shape, v reflect.Value) error {
	if d.literal("null") {
		return nil
	}
	c := d.peek()
	switch sh.Kind {
	case api.Document:
		value, err := d.value()
		if err == nil && value != nil {
			v.Set(reflect.ValueOf(value))
		}
		return err
	case api.Structure:
		if c != '{' {
			return d.mismatch(sh)
		}
		return d.readStructure(sh, settle(v))
	case api.List:
		if c != '[' {
			return d.mismatch(sh)
		}
		return d.readList(sh, v)
	case api.Map:
		if c != '{' {
			return d.mismatch(sh)
		}
		return d.readMap(sh, v)
	case api.String:
		if c != '"' {
			return d.mismatch(sh)
		}
		text, err := d.str()
		if err == nil {
			settle(v).SetString(text)
		}
		return err
	case api.Boolean:
		switch {
		case d.literal("true"):
			settle(v).SetBool(true)
		case d.literal("false"):
			settle(v).SetBool(false)
		default:
			return d.mismatch(sh)
		}
		return nil
	case api.Blob:
		if c != '"' {
			return d.mismatch(sh)
		}
		return d.readBlob(v)
	}
	return d.readNumber(sh, v)
}

func (d *jsonDecoder) readStructure(sh *api.Shape, v reflect.Value) error {
	next := 0 // clients write members in the order of the model, mostly
	return d.object(func(key string) error {
		for n := range sh.Members {
			i := (next + n) % len(sh.Members)
			m := &sh.Members[i]
			if m.Location != api.InBody || m.WireName != key {
				continue
			}
			next = i + 1
			if m.JSONValue {
				return d.readJSONValue(v.Field(i))
			}
			return d.read(&d.Shapes[m.Shape], v.Field(i))
		}
		return d.skip()
	})
}

// readJSONValue reads a string that holds JSON, or the JSON itself.
func (d *jsonDecoder) readJSONValue(v reflect.Value) error {
	if d.peek() == '"' {
		text, err := d.str()
		settle(v).SetString(text)
		return err
	}
	start := d.pos
	err := d.skip()
	settle(v).SetString(string(d.data[start:d.pos]))
	return err
}

func (d *jsonDecoder) readList(sh *api.Shape, v reflect.Value) error {
	element := &d.Shapes[sh.Element]
	v = settle(v)
	list := reflect.MakeSlice(v.Type(), 0, 0)
	err := d.array(func() error {
		if d.literal("null") {
			return nil
		}
		e := reflect.New(v.Type().Elem()).Elem()
		if err := d.read(element, e); err != nil {
			return err
		}
		list = reflect.Append(list, e)
		return nil
	})
	v.Set(list)
	return err
}

func (d *jsonDecoder) readMap(sh *api.Shape, v reflect.Value) error {
	value := &d.Shapes[sh.Value]
	v = settle(v)
	m := reflect.MakeMap(v.Type())
	err := d.object(func(key string) error {
		if d.literal("null") {
			return nil
		}
		e := reflect.New(v.Type().Elem()).Elem()
		if err := d.read(value, e); err != nil {
			return err
		}
		m.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), e)
		return nil
	})
	v.Set(m)
	return err
}

func (d *jsonDecoder) readBlob(v reflect.Value) error {
	text, plain, err := d.raw()
	if err != nil {
		return err
	}
	if !plain {
		s, err := unescape(text)
		if err != nil {
			return err
		}
		text = []byte(s)
	}
	b, err := decodeBase64(text)
	if err == nil {
		settle(v).SetBytes(b)
	}
	return err
}

func (d *jsonDecoder) readNumber(sh *api.Shape, v reflect.Value) error {
	c := d.peek()
	if c == '"' {
		start := d.pos
		text, err := d.str()
		if err != nil {
			return err
		}
		if isTextNumber(sh, text) {
			return parseScalar(sh, text, v)
		}
		d.pos = start
		return d.mismatch(sh)
	}
	if c != '-' && (c < '0' || c > '9') {
		return d.mismatch(sh)
	}
	text, err := d.number()
	if err != nil {
		return err
	}
	switch sh.Kind {
	case api.Timestamp, api.Float, api.Double:
		return parseScalar(sh, text, v)
	}
	v = settle(v)
	if n, err := strconv.ParseInt(text, 10, v.Type().Bits()); err == nil {
		v.SetInt(n)
		return nil
	}
	// AWS: a fraction is cut off, hence the name of their class.
	f, err := strconv.ParseFloat(text, 64)
	f = math.Trunc(f)
	if err != nil || f < -math.MaxInt64 || f >= math.MaxInt64 || v.OverflowInt(int64(f)) {
		return fmt.Errorf("%s is out of the range of an %s", text, javaType(sh.Kind))
	}
	v.SetInt(int64(f))
	return nil
}

// isTextNumber reports whether a string may stand for a value of the shape:
// times are also written as text, and so are the numbers that JSON lacks.
func isTextNumber(sh *api.Shape, text string) bool {
	switch sh.Kind {
	case api.Timestamp:
		return true
	case api.Float, api.Double:
		return text == "NaN" || text == "Infinity" || text == "-Infinity"
	}
	return false
}
