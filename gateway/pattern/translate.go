package pattern

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// translation writes an expression of Java's so that both engines mean by it
// what Java means.
type translation struct {
	source  string
	pos     int
	out     []byte
	lineEnd bool

	modes      string // for both engines
	scope      scope
	comments   bool
	backtracks bool
	groups     []openGroup
	atom       int  // where the last atom begins, in out
	started    bool // there is one
	quantified bool // it has a quantifier
}

// scope is which of Java's modes are in force that change what is written.
type scope struct{ dotAll, multiline bool }

type openGroup struct {
	start int // in out
	outer scope
}

func (t *translation) flag(f rune) error {
	switch f {
	case 'i':
	case 'm':
		t.scope.multiline = true
	case 's':
		t.scope.dotAll = true
	case 'x':
		t.comments, t.backtracks = true, true
	case 'd', 'u', 'U':
		// Unix lines and Unicode: both engines have them anyway.
		return nil
	default:
		return fmt.Errorf("it has an unknown flag %q", f)
	}
	t.modes += string(f)
	return nil
}

// end is where Java's $ and \Z stand: at the end, or before the line end there.
const end = "(?=(?:\r\n|[\n\r\u0085\u2028\u2029])?\\z)"

func (t *translation) run() error {
	for t.pos < len(t.source) {
		c := t.source[t.pos]
		t.pos++
		switch c {
		case '\\':
			t.begin()
			if err := t.escape(); err != nil {
				return err
			}
		case '[':
			t.begin()
			if err := t.class(); err != nil {
				return err
			}
		case '(':
			t.groups = append(t.groups, openGroup{len(t.out), t.scope})
			t.started = false
			t.group()
		case ')':
			n := len(t.groups)
			if n == 0 {
				// By itself, and not closing what Compile puts around it.
				return errors.New("it has a ) without its (")
			}
			t.out = append(t.out, c)
			t.atom, t.scope = t.groups[n-1].start, t.groups[n-1].outer
			t.groups = t.groups[:n-1]
			t.started, t.quantified = true, false
		case '.':
			t.begin()
			if t.scope.dotAll {
				t.add("(?s:.)")
			} else {
				t.add("[^\\n\\r\u0085\u2028\u2029]")
			}
		case '$':
			t.begin()
			switch {
			case t.scope.multiline:
				t.add("$")
			case t.lineEnd:
				t.backtracks = true
				t.add(end)
			default:
				t.add(`\z`)
			}
		case '*', '+', '?':
			t.quantifier(c)
		case '{':
			if closing := strings.IndexByte(t.source[t.pos:], '}'); closing >= 0 {
				t.add(t.source[t.pos-1 : t.pos+closing])
				t.pos += closing + 1
				c = '}'
			}
			t.quantifier(c)
		case '#':
			if t.comments {
				t.comment()
				continue
			}
			t.begin()
			t.add("#")
		case '|':
			t.started = false
			t.add("|")
		default:
			t.begin()
			t.pos--
			_, size := utf8.DecodeRuneInString(t.source[t.pos:])
			t.add(t.source[t.pos : t.pos+size])
			t.pos += size
		}
	}
	return nil
}

func (t *translation) add(s string) { t.out = append(t.out, s...) }

// begin notes that an atom begins here.
func (t *translation) begin() { t.atom, t.started, t.quantified = len(t.out), true, false }

// quantifier writes one. A plus behind it makes it possessive, which neither
// engine knows: it is that of an atomic group.
func (t *translation) quantifier(c byte) {
	t.out = append(t.out, c)
	if t.quantified || !t.started {
		return
	}
	t.quantified = true
	if !strings.HasPrefix(t.source[t.pos:], "+") {
		return
	}
	t.pos++
	t.backtracks = true
	atomic := append([]byte("(?>"), t.out[t.atom:]...)
	t.out = append(append(t.out[:t.atom], atomic...), ')')
}

func (t *translation) comment() {
	length := strings.IndexByte(t.source[t.pos:], '\n')
	if length < 0 {
		length = len(t.source) - t.pos
	}
	t.pos += length
}

// group writes the head of a group, whose parenthesis is read.
func (t *translation) group() {
	rest := t.source[t.pos:]
	switch {
	case !strings.HasPrefix(rest, "?"), strings.HasPrefix(rest, "?:"):
		t.add("(")
		return
	case strings.HasPrefix(rest, "?<") && !strings.HasPrefix(rest, "?<=") && !strings.HasPrefix(rest, "?<!"):
		t.add("(")
		return
	}
	t.add("(")
	flags := len(rest[1:]) - len(strings.TrimLeft(rest[1:], "idmsuU"))
	if flags == 0 || 1+flags == len(rest) || rest[1+flags] != ')' && rest[1+flags] != ':' {
		t.backtracks = true
		return
	}
	for _, f := range rest[1 : 1+flags] {
		t.scope.dotAll = t.scope.dotAll || f == 's'
		t.scope.multiline = t.scope.multiline || f == 'm'
	}
	known := strings.NewReplacer("d", "", "u", "", "U", "").Replace(rest[1 : 1+flags])
	t.add("?" + known)
	t.pos += 1 + flags
	if rest[1+flags] == ':' {
		return
	}
	// (?i) is no group: it stands for all that follows in the one it is in.
	t.pos++
	t.groups = t.groups[:len(t.groups)-1]
	if known == "" {
		t.add(":")
	}
	t.add(")")
}

// escape writes what a backslash, which is read, makes of what follows it.
func (t *translation) escape() error {
	rest := t.source[t.pos:]
	if rest == "" {
		return errors.New("it ends in a backslash")
	}
	if set, n, err := escapedSet(rest); err != nil || n > 0 {
		t.pos += n
		t.add("[" + set + "]")
		return err
	}
	t.pos++
	switch c := rest[0]; {
	case c == 'Q':
		literal, after, _ := strings.Cut(rest[1:], `\E`)
		t.pos = len(t.source) - len(after)
		for _, r := range literal {
			t.begin()
			t.literal(r)
		}
	case c == 'E':
	case c == 'R':
		t.add("(?:\\r\\n|[\\n\\v\\f\\r\u0085\u2028\u2029])")
	case c == 'Z':
		t.backtracks = true
		t.add(end)
	case c == 'b', c == 'B', c == 'A', c == 'z', c == 'p', c == 'P':
		t.add(`\` + rest[:1])
	case c == 'G', c == 'k', c >= '1' && c <= '9':
		t.backtracks = true
		t.add(`\` + rest[:1])
	default:
		r, n, err := escapedRune(rest)
		if err != nil {
			return err
		}
		t.pos += n - 1
		t.literal(r)
	}
	return nil
}

// literal writes a character that stands for itself, in a class or not.
func (t *translation) literal(r rune) {
	switch {
	case r < ' ' || r == 0x7f:
		t.add(fmt.Sprintf(`\x%02x`, r))
	case r < utf8.RuneSelf && !isLetter(byte(r)) && !isDigit(byte(r)) && r != '_':
		t.add(fmt.Sprintf(`\x%02x`, r))
	default:
		t.out = utf8.AppendRune(t.out, r)
	}
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
