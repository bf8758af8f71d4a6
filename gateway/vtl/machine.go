package vtl

import (
	"errors"
	"time"

	"github.com/lamgate/lamgate/gateway/pattern"
	"github.com/lamgate/lamgate/gateway/value"
)

// The limits of one execution.
const (
	// MaxOutput is how much a template may print, in bytes: as much as API
	// Gateway lets through.
	MaxOutput = 10 << 20

	// maxIterations is how often one #foreach goes round; then it is left.
	//
	// AWS: a quota in its documentation.
	maxIterations = 1000

	maxMemory    = 64 << 20 // bytes that strings and lists took, freed or not
	maxSteps     = 10 << 20 // statements, operators, methods
	maxMacros    = 20       // macros in one another, as Velocity has it
	maxEvaluated = 8        // #evaluate in one another
	maxDefined   = 64       // blocks of #define in one another, whichever
	maxLines     = 100      // of the log

	// maxBacktracking is the time for regular expressions that have to try.
	maxBacktracking = 3 * pattern.MatchTime
)

// A machine executes one template once.
type machine struct {
	source string
	out    []byte
	base   int // where the output begins in out
	e      *Environment
	input  inputObject

	vars   []value.Value // by slot; nil is unset
	frame  *frame        // of the macro that is called
	names  *names
	macros map[string]*macro

	// own says that names and macros are the machine's own, for #evaluate.
	own bool

	arguments []value.Value // of the methods being called, innermost last
	steps     int
	memory    int
	calls     int
	evaluated int
	// backtracking is the time that is left for regular expressions.
	backtracking time.Duration
	defined      int // blocks being printed
	lines        int // that were logged
	here         int // where the execution is, roughly, should a limit end it
	// at, if not negative, stands for all places: what runs is not of source.
	at int
}

// Leaving a block is an error until it reaches what it leaves.
type leaving struct {
	scope *scope // nil for the nearest
	stop  bool   // the whole template
}

func (*leaving) Error() string { return "left" }

// failing is a statement that always fails.
type failing struct {
	at      int
	message string
}

func (f *failing) render(*machine) error { return &fault{f.at, f.message} }

func (f *fault) Error() string { return f.message }

func (m *machine) fail(at int, message string) error {
	if m.at >= 0 {
		at = m.at
	}
	return &fault{at, message}
}

// stand notes where the execution is.
func (m *machine) stand(at int) {
	if m.at < 0 {
		m.here = at
	}
}

var (
	errOutput = errors.New("the template prints more than 10 MB")
	errMemory = errors.New("the template uses too much memory")
	errDepth  = errors.New("a value is nested too deeply, or contains itself")
	errSteps  = errors.New("the template takes too many steps")
)

// printed checks the length of the output.
func (m *machine) printed() error {
	if len(m.out)-m.base > MaxOutput {
		return errOutput
	}
	return m.step(1)
}

// step counts work.
func (m *machine) step(n int) error {
	if m.steps += n; m.steps > maxSteps {
		return errSteps
	}
	return nil
}

// equal is ==, and same Java's equals, as values of JSON have them.
func (m *machine) equal(a, b value.Value) (bool, error) {
	effort := maxSteps - m.steps
	equal := value.Equal(a, b, &effort)
	m.steps = maxSteps - effort
	return equal, m.step(0)
}

func (m *machine) same(a, b value.Value) (bool, error) {
	effort := maxSteps - m.steps
	same := value.Same(a, b, &effort)
	m.steps = maxSteps - effort
	return same, m.step(0)
}

// allocate counts memory, and the work that filling it is.
func (m *machine) allocate(bytes int) error {
	if m.memory += bytes; m.memory > maxMemory {
		return errMemory
	}
	return m.step(bytes / 256)
}

// text returns the text of a value, as Java's String.valueOf.
func (m *machine) text(v value.Value) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case nil:
		return "null", nil
	}
	start := len(m.out)
	if err := m.print(v); err != nil {
		return "", err
	}
	return m.taken(start)
}

// taken takes off what was printed from start on and returns it.
func (m *machine) taken(start int) (string, error) {
	s := string(m.out[start:])
	m.out = m.out[:start]
	return s, m.allocate(len(s))
}

// print prints a value that is not nil.
func (m *machine) print(v value.Value) error {
	switch v := v.(type) {
	case string:
		m.out = append(m.out, v...)
	case *defined:
		if _, err := v.print(m); err != nil {
			return err
		}
	default:
		left := MaxOutput - (len(m.out) - m.base)
		var err error
		before := len(m.out)
		if m.out, err = value.AppendTextWithin(m.out, v, max(left, 0)); err != nil {
			return errOutput
		}
		if err := m.step((len(m.out) - before) / 64); err != nil {
			return err
		}
	}
	return m.printed()
}

func (m *machine) log(at int, message string) {
	if m.e.Log == nil || m.lines > maxLines {
		return
	}
	if m.lines++; m.lines > maxLines {
		message = "there is more like this, which is left out"
	}
	if m.at >= 0 {
		at = m.at
	}
	line, column := place(m.source, at)
	m.e.Log(line, column, message)
}

// get returns what a variable holds; nil if nothing.
func (m *machine) get(slot int) (value.Value, error) {
	if m.frame != nil {
		return m.getInMacro(slot)
	}
	return m.vars[slot], nil
}

func (m *machine) put(slot int, v value.Value) {
	for f := m.frame; f != nil; f = f.caller {
		f.set(slot, v)
	}
	m.vars[slot] = v
}

// restore gives a variable back what it had.
func (m *machine) restore(slot int, v value.Value) {
	if v != nil {
		m.put(slot, v)
		return
	}
	for f := m.frame; f != nil; f = f.caller {
		f.remove(slot)
	}
	m.vars[slot] = nil
}

// reset readies a machine for a template and an environment.
func (m *machine) reset(t *Template, dst []byte, e *Environment) {
	vars := m.vars[:0]
	if cap(vars) < len(t.names.list) {
		vars = make([]value.Value, 0, len(t.names.list)+4)
	}
	vars = vars[:len(t.names.list)]
	clear(vars)
	arguments := m.arguments[:0]
	*m = machine{source: t.source, out: dst, base: len(dst), e: e, vars: vars, arguments: arguments,
		names: t.names, macros: t.macros, at: -1, backtracking: maxBacktracking}
	m.vars[slotInput] = &m.input
	m.vars[slotContext] = contextObject{}
	m.vars[slotUtil] = utilObject{}
	m.vars[slotStageVariables] = stageVariables{}
}

// release forgets what the machine held, lest its pool holds it.
func (m *machine) release() {
	clear(m.vars[:cap(m.vars)])
	clear(m.arguments[:cap(m.arguments)])
	*m = machine{vars: m.vars[:0], arguments: m.arguments[:0]}
}
