package plan

import (
	"fmt"
	"strings"
)

// A Text is a text of an integration with slots for a stage's variables,
// written ${stageVariables.NAME}.
type Text struct {
	literals []string // one more than slots
	slots    []string // names of variables
}

// ParseText finds the slots of a text.
func ParseText(s string) (Text, error) {
	const open = "${stageVariables."
	var t Text
	for {
		before, after, ok := strings.Cut(s, open)
		t.literals = append(t.literals, before)
		if !ok {
			break
		}
		name, rest, ok := strings.Cut(after, "}")
		if !ok || name == "" {
			return Text{}, fmt.Errorf("%q has a ${stageVariables. that is not closed", s)
		}
		t.slots = append(t.slots, name)
		s = rest
	}
	return t, nil
}

// Static reports whether the text is the same on every stage.
func (t Text) Static() bool { return len(t.slots) == 0 }

// Fill puts the values of a stage's variables into the slots; it fails when
// one of them has no value.
func (t Text) Fill(variables map[string]string) (string, error) {
	if len(t.literals) == 0 {
		return "", nil
	}
	if t.Static() {
		return t.literals[0], nil
	}
	var b strings.Builder
	for i, name := range t.slots {
		value, ok := variables[name]
		if !ok || value == "" {
			return "", fmt.Errorf("the stage has no variable %q", name)
		}
		b.WriteString(t.literals[i])
		b.WriteString(value)
	}
	b.WriteString(t.literals[len(t.slots)])
	return b.String(), nil
}
