package value

// MaxDepth is how deeply lists and maps may lie in one another, when read and
// when written.
const MaxDepth = 512

// MaxWritten is how many bytes are written of a value at most, unless the writer
// bounds them. API Gateway takes and gives payloads of 10 MB; escapes may make
// more of them.
const MaxWritten = 64 << 20

// Value is one of nil, bool, int64, *big.Int, float64, Decimal, string, *List,
// *Map; or, in a template, an Object.
type Value = any

// Decimal is a number with a fraction or an exponent that a float64 might not
// hold, in the form of Java's BigDecimal.toString. ParseDecimal makes it.
type Decimal string

// Object is a value of someone else's, as templates have them beside JSON. In
// JSON it is a string, its text.
type Object interface {
	// AppendText adds what a template prints for the object. What is in it is
	// added by write, which knows how deep and how long all may become.
	AppendText(dst []byte, write func(dst []byte, v Value) []byte) []byte
}
