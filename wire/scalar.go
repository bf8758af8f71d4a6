package wire

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api"
)

// settle returns the value behind a field that may be a pointer, making it if
// need be.
func settle(v reflect.Value) reflect.Value {
	if v.Kind() != reflect.Pointer {
		return v
	}
	if v.IsNil() {
		v.Set(reflect.New(v.Type().Elem()))
	}
	return v.Elem()
}

// absent reports whether a field has no value.
func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return v.IsNil()
	}
	return false
}

// parseScalar sets v to the value that text stands for.
func parseScalar(sh *api.Shape, text string, v reflect.Value) error {
	v = settle(v)
	switch sh.Kind {
	case api.String:
		v.SetString(text)
	case api.Integer, api.Long:
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%q is not a whole number of %d bits", text, v.Type().Bits())
		}
		v.SetInt(n)
	case api.Float, api.Double:
		f, err := strconv.ParseFloat(strings.TrimSpace(text), v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%q is not a number", text)
		}
		v.SetFloat(f)
	case api.Boolean:
		switch strings.TrimSpace(text) {
		case "true", "True", "TRUE", "1":
			v.SetBool(true)
		case "false", "False", "FALSE", "0":
			v.SetBool(false)
		default:
			return fmt.Errorf("%q is neither true nor false", text)
		}
	case api.Timestamp:
		t, err := parseTime(text)
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(t))
	case api.Blob:
		b, err := decodeBase64([]byte(text))
		if err != nil {
			return err
		}
		v.SetBytes(b)
	default:
		return fmt.Errorf("%s cannot be written as text", sh.Name)
	}
	return nil
}

// appendScalar appends the text of a value to dst. The format is that of its
// place in the message, unless the model names another.
func appendScalar(dst []byte, sh *api.Shape, format api.TimestampFormat, v reflect.Value) []byte {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch sh.Kind {
	case api.String:
		return append(dst, v.String()...)
	case api.Integer, api.Long:
		return strconv.AppendInt(dst, v.Int(), 10)
	case api.Float, api.Double:
		return appendFloat(dst, v)
	case api.Boolean:
		return strconv.AppendBool(dst, v.Bool())
	case api.Timestamp:
		return appendTime(dst, v.Interface().(time.Time), format)
	case api.Blob:
		return base64.StdEncoding.AppendEncode(dst, v.Bytes())
	}
	return dst
}

func appendFloat(dst []byte, v reflect.Value) []byte {
	switch f := v.Float(); {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	default:
		return strconv.AppendFloat(dst, f, 'g', -1, v.Type().Bits())
	}
}

// formatOf returns the format of a timestamp: the member's, else its shape's,
// else that of the place.
func formatOf(m *api.Member, sh *api.Shape, place api.TimestampFormat) api.TimestampFormat {
	switch {
	case m != nil && m.TimestampFormat != api.DefaultFormat:
		return m.TimestampFormat
	case sh.TimestampFormat != api.DefaultFormat:
		return sh.TimestampFormat
	}
	return place
}

// parseTime reads a timestamp in any of the formats: clients are not all as
// strict as the model.
func parseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return unixTime(seconds)
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02", "20060102T150405Z", http.TimeFormat, time.RFC1123Z, "Mon, 2 Jan 2006 15:04:05 MST", time.RFC850} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a timestamp", text)
}

// unixTime keeps milliseconds, which is what a double can be trusted with.
func unixTime(seconds float64) (time.Time, error) {
	// The years 0 to 9999, beyond which times cannot be written.
	if !(seconds >= -62167219200 && seconds < 253402300800) {
		return time.Time{}, fmt.Errorf("%v is not a timestamp", seconds)
	}
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC(), nil
}

func appendTime(dst []byte, t time.Time, format api.TimestampFormat) []byte {
	t = t.UTC()
	switch format {
	case api.ISO8601:
		if t.Nanosecond()/1e6 == 0 {
			return t.AppendFormat(dst, "2006-01-02T15:04:05Z")
		}
		return t.AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	case api.RFC822:
		return t.AppendFormat(dst, http.TimeFormat)
	}
	milliseconds := t.UnixMilli()
	if milliseconds%1000 == 0 {
		return strconv.AppendInt(dst, milliseconds/1000, 10)
	}
	return strconv.AppendFloat(dst, float64(milliseconds)/1000, 'f', 3, 64)
}

func decodeBase64(text []byte) ([]byte, error) {
	// Some clients leave out the padding.
	text = bytes.TrimRight(text, "=\r\n ")
	b := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, err := base64.RawStdEncoding.Decode(b, text)
	if err != nil {
		return nil, fmt.Errorf("invalid base64: %w", err)
	}
	return b[:n], nil
}
