package plan

import "strings"

// A Mismatch is what a body lacks of its model.
type Mismatch struct {
	Model      string
	Violations []Violation
	gaveUp     error // why validation ended early
	unread     error // why the body is no JSON
}

// A Violation is one thing that is wrong with a body.
type Violation struct {
	Pointer string // to the value, as JSON pointers are written
	Message string // in AWS's words
	Within  []Violation
}

// String is $context.error.validationErrorString.
//
// AWS: the messages in brackets; of a body that cannot be read just this one.
func (m *Mismatch) String() string {
	if m.unread != nil {
		return "[Unknown error parsing request body]"
	}
	messages := make([]string, len(m.Violations))
	for i, v := range m.Violations {
		messages[i] = v.Message
	}
	return "[" + strings.Join(messages, ", ") + "]"
}

// Explain makes a Mismatch the detail of a journey's step.
func (m *Mismatch) Explain() (what, mend string) {
	if m.unread != nil {
		return "the body is no JSON, and the model " + m.Model + " validates it: " + m.unread.Error(), ""
	}
	var b strings.Builder
	b.WriteString("the body does not match the model " + m.Model + ": ")
	explain(&b, m.Violations, 0)
	if m.gaveUp != nil {
		b.WriteString("; validation was given up: " + m.gaveUp.Error())
	}
	return b.String(), ""
}

func explain(b *strings.Builder, violations []Violation, depth int) {
	for i, v := range violations {
		if i > 0 {
			b.WriteString("; ")
		}
		if v.Pointer != "" {
			b.WriteString("at " + v.Pointer + " ")
		}
		b.WriteString(v.Message)
		if len(v.Within) > 0 && depth < 3 {
			b.WriteString(" (")
			explain(b, v.Within, depth+1)
			b.WriteString(")")
		}
	}
}
