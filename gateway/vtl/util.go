package vtl

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/lamgate/lamgate/gateway/value"
)

// utilObject is $util.
type utilObject struct{}

func (utilObject) AppendText(dst []byte, _ writeValue) []byte { return dst }

func (utilObject) property(*machine, string) value.Value { return nil }

func (utilObject) call(m *machine, s *step, arguments []value.Value) (value.Value, bool, error) {
	if len(arguments) != 1 {
		return nil, false, nil
	}
	if arguments[0] == nil {
		return nil, false, nil
	}
	text, err := m.text(arguments[0])
	if err != nil {
		return nil, true, err
	}
	// The value of a JSON text takes about as much as what the others make of
	// theirs.
	if err := m.allocate(4 * len(text)); err != nil {
		return nil, true, err
	}
	switch s.name {
	case "escapeJavaScript":
		return string(appendEscapedJavaScript(nil, text)), true, nil
	case "parseJson":
		v, err := value.ParseLoose([]byte(text))
		if err != nil {
			return nil, true, m.fail(s.at, "$util.parseJson: "+err.Error())
		}
		return v, true, nil
	case "urlEncode":
		return string(appendURLEncoded(nil, text)), true, nil
	case "urlDecode":
		decoded, ok := urlDecoded(text)
		if !ok {
			return nil, true, m.fail(s.at, "$util.urlDecode: "+quote(text)+" has a % that two hexadecimal digits do not follow")
		}
		return decoded, true, nil
	case "base64Encode":
		return base64.StdEncoding.EncodeToString([]byte(text)), true, nil
	case "base64Decode":
		return base64Decoded(text), true, nil
	}
	return nil, false, nil
}

// appendEscapedJavaScript escapes as Apache Commons does: quotes of both kinds,
// backslashes and slashes with a backslash, the rest outside of ASCII by its
// UTF-16 units.
//
// AWS: its documentation warns that ' becomes \', which is no JSON.
func appendEscapedJavaScript(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '\'' && c != '"' && c != '\\' && c != '/' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		size := 1
		switch c {
		case '\'', '"', '\\', '/':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
				dst = appendUnit(appendUnit(dst, uint16(high)), uint16(low))
			} else {
				dst = appendUnit(dst, uint16(r))
			}
		}
		i += size
		start = i
	}
	return append(dst, s[start:]...)
}

const hexDigits = "0123456789ABCDEF"

func appendUnit(dst []byte, u uint16) []byte {
	return append(dst, '\\', 'u', hexDigits[u>>12], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}

// appendURLEncoded encodes as java.net.URLEncoder does: a form, in which a blank
// is +, and * stays.
func appendURLEncoded(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isLetter(c), isDigit(c), c == '.', c == '-', c == '*', c == '_':
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return dst
}

// urlDecoded decodes as java.net.URLDecoder does.
func urlDecoded(s string) (string, bool) {
	if !strings.ContainsAny(s, "%+") {
		return s, true
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			out = append(out, ' ')
		case '%':
			c, err := strconv.ParseUint(s[i+1:min(i+3, len(s))], 16, 8)
			if err != nil || i+2 >= len(s) {
				return "", false
			}
			out = append(out, byte(c))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return strings.ToValidUTF8(string(out), "\uFFFD"), true
}

// base64Decoded decodes leniently: what is not of the alphabet is passed over,
// both alphabets are taken, padding may lack.
func base64Decoded(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '=':
			i = len(s)
		case isLetter(c), isDigit(c), c == '+', c == '/':
			b.WriteByte(c)
		case c == '-':
			b.WriteByte('+')
		case c == '_':
			b.WriteByte('/')
		}
	}
	clean := b.String()
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	decoded, err := base64.RawStdEncoding.DecodeString(clean)
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(string(decoded), "\uFFFD")
}
