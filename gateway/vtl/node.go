package vtl

import "github.com/lamgate/lamgate/gateway/value"

// A statement is what a template is made of: it prints.
type statement interface {
	render(*machine) error
}

// An expression has a value and, as a condition, a truth. The two are apart: 1
// is a value, but no condition that holds.
type expression interface {
	value(*machine) (value.Value, error)
	truth(*machine) (bool, error)
}

// A block is a sequence of statements.
type block []statement

// text adds text to the block, to the text at its end if there is one.
func (b block) text(s string) block {
	if s == "" {
		return b
	}
	if len(b) > 0 {
		if before, ok := b[len(b)-1].(plainText); ok {
			b[len(b)-1] = before + plainText(s)
			return b
		}
	}
	return append(b, plainText(s))
}

func (b block) render(m *machine) error {
	for _, s := range b {
		if text, ok := s.(plainText); ok {
			m.out = append(m.out, text...)
			continue
		}
		if err := s.render(m); err != nil {
			return err
		}
	}
	return m.printed()
}

type plainText string

func (t plainText) render(m *machine) error {
	m.out = append(m.out, t...)
	return m.printed()
}

// names gives each variable of a template a slot.
type names struct {
	slots map[string]int
	list  []string
}

// The variables that the engine sets itself have fixed slots.
const (
	slotInput = iota
	slotContext
	slotUtil
	slotStageVariables
	slotForeach
	slotCount
	slotHasNext
	fixedSlots
)

func newNames() *names {
	n := &names{slots: make(map[string]int, 16)}
	for _, name := range []string{"input", "context", "util", "stageVariables", "foreach", "velocityCount", "velocityHasNext"} {
		n.slot(name)
	}
	return n
}

func (n *names) slot(name string) int {
	if i, ok := n.slots[name]; ok {
		return i
	}
	i := len(n.list)
	n.slots[name] = i
	n.list = append(n.list, name)
	return i
}

func (n *names) clone() *names {
	c := &names{slots: make(map[string]int, len(n.slots)), list: append([]string(nil), n.list...)}
	for i, name := range n.list {
		c.slots[name] = i
	}
	return c
}
