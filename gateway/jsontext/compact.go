package jsontext

// maxDepth is how deep values may stand in one another.
//
// AWS: its Java engines read JSON to a depth of 1000.
const maxDepth = 1000

// AppendValue reads a value, which may be any, and appends it without white
// space and with no more escapes than it needs. Numbers stay as they are.
func (d *Reader) AppendValue(b []byte) ([]byte, error) { return d.appendValue(b, 0) }

func (d *Reader) appendValue(b []byte, depth int) ([]byte, error) {
	if depth == maxDepth {
		return b, d.Fail("this stands too deep")
	}
	switch kind := d.Kind(); kind {
	case "an object":
		b = append(b, '{')
		start := len(b)
		err := d.Object(func(name []byte) (err error) {
			b = append(AppendString(b, name), ':')
			b, err = d.appendValue(b, depth+1)
			b = append(b, ',')
			return err
		})
		return closed(b, start, '}'), err
	case "an array":
		b = append(b, '[')
		start := len(b)
		err := d.Array(func() (err error) {
			b, err = d.appendValue(b, depth+1)
			b = append(b, ',')
			return err
		})
		return closed(b, start, ']'), err
	case "a string":
		text, err := d.Text()
		return AppendString(b, text), err
	case "null":
		return append(b, "null"...), d.Literal("null")
	default:
		text, err := d.Scalar("the value")
		return append(b, text...), err
	}
}

// Skip reads a value, which may be any.
func (d *Reader) Skip() error { return d.skip(0) }

func (d *Reader) skip(depth int) error {
	if depth == maxDepth {
		return d.Fail("this stands too deep")
	}
	switch kind := d.Kind(); kind {
	case "an object":
		return d.Object(func([]byte) error { return d.skip(depth + 1) })
	case "an array":
		return d.Array(func() error { return d.skip(depth + 1) })
	case "a string":
		_, err := d.Text()
		return err
	case "null":
		return d.Literal("null")
	default:
		_, err := d.Scalar("the value")
		return err
	}
}

// closed puts the closing bracket in the place of the last comma.
func closed(b []byte, start int, bracket byte) []byte {
	if len(b) > start {
		b = b[:len(b)-1]
	}
	return append(b, bracket)
}
