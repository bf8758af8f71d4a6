package value

// AppendText adds v as a mapping template prints it: a string as it is, an object
// as Java's {a=b, c=null}, a list as JSON; nil, at the top, is nothing. What lies
// deeper than MaxDepth is written as null and writing stops at MaxWritten;
// AppendTextWithin tells.
//
// AWS: recorded by a template of $input.path('$'): {"foo": [{"nested": "bar"}]}
// is printed as {foo=[{"nested":"bar"}]}.
func AppendText(dst []byte, v Value) []byte {
	dst, _ = AppendTextWithin(dst, v, MaxWritten)
	return dst
}

// AppendTextWithin is AppendText with at most about limit bytes more; beyond, and
// beyond MaxDepth, it returns ErrTooLarge.
func AppendTextWithin(dst []byte, v Value, limit int) ([]byte, error) {
	if v == nil {
		return dst, nil
	}
	w := writer{limit: len(dst) + limit}
	dst = w.text(dst, v, 0)
	if w.full {
		return dst, ErrTooLarge
	}
	return dst, nil
}

// Text returns what AppendText adds.
func Text(v Value) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(AppendText(nil, v))
}

func (w *writer) text(dst []byte, v Value, depth int) []byte {
	if depth > MaxDepth || len(dst) > w.limit {
		w.full = true
		return append(dst, "null"...)
	}
	switch x := v.(type) {
	case string:
		return append(dst, x...)
	case *Map:
		dst = append(dst, '{')
		first := true
		for k, item := range x.All() {
			if !first {
				dst = append(dst, ", "...)
			}
			first = false
			dst = append(dst, k...)
			dst = append(dst, '=')
			if m, ok := item.(*Map); ok && m == x {
				dst = append(dst, "(this Map)"...)
			} else {
				dst = w.text(dst, item, depth+1)
			}
			if w.full {
				break
			}
		}
		return append(dst, '}')
	case *List:
		if !x.Java {
			// AWS: a list prints itself as json-smart does by default, with \/
			// for each / (json-path's issue 707); $input.json does not.
			w.slashes = true
			dst = w.json(dst, x, depth)
			w.slashes = false
			return dst
		}
		dst = append(dst, '[')
		for i, item := range x.Items {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			if l, ok := item.(*List); ok && l == x {
				dst = append(dst, "(this Collection)"...)
			} else {
				dst = w.text(dst, item, depth+1)
			}
			if w.full {
				break
			}
		}
		return append(dst, ']')
	}
	if out, ok := appendScalar(dst, v); ok {
		return out
	}
	if o, ok := v.(Object); ok {
		return w.object(dst, o, depth)
	}
	return append(dst, "null"...)
}

func (w *writer) object(dst []byte, o Object, depth int) []byte {
	return o.AppendText(dst, func(dst []byte, v Value) []byte { return w.text(dst, v, depth+1) })
}
