//go:build amd64 || arm64

package sandbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Between fork and exec a sandbox needs some two hundred system calls made in
// its own name. Go cannot run there; a second start of our own binary costs a
// Go runtime and its memory for every environment; a C program would have to be
// built and shipped. So the launcher is data: a program whose every instruction
// is one system call and where to go when its result is negative, zero or
// positive. A machine of twenty instructions in assembly (machine_*.s) runs it,
// in an ELF file made in memory. What stays behind as the sandbox's init is
// that machine, at some twenty kilobytes.

// machine runs a program; machineText tells where it stands. It must not be
// called.
//
//lint:ignore U1000 its text is copied
func machine()

func machineText() unsafe.Pointer

// Addresses in the launcher's memory. The assembly knows the first two.
const (
	instructionBase = 0x410000
	dataBase        = 0x500000
	codeBase        = 0x400000
	segmentAlign    = 0x10000 // the largest page size in use
	headerSize      = 64 + 4*56
)

const machineEnd = "done" + "enod"

// An address is one in the launcher's memory.
type address = uint64

// A label is a place in a program, to be marked once.
type label int

const (
	next    label = iota // the following instruction
	failure              // report the failed call and exit
)

// A step is one instruction of a program.
type step struct {
	what   string // for people, when it fails: "mount /proc"
	number uintptr
	// The extension that cannot be run, when it fails.
	extension string
	args      [6]uint64

	out    address   // where the result is stored, if not 0
	outTo  reference // or else, if not zero
	fill   reference // if not zero, argument fillAt is its address
	fillAt int

	negative, zero, positive label
}

// A reference is to an argument of the step at a label. A program changes
// itself: one call's result is another's argument.
type reference struct {
	step     label
	argument int
}

// A program is being written.
type program struct {
	steps  []*step
	labels []int // step by label; -1 until marked
	data   []byte
	spare  uint64 // the number that the next opened file gets: one at a time

	filterAt     address // the filter of system calls
	assignmentAt address // what a Late sandbox receives
}

// The first words of a program's data: what is sent to the server when a call
// fails. The machine stores the failed instruction's address and its result.
const failureRecord = dataBase

func newProgram() *program {
	p := &program{
		steps:  make([]*step, 0, 256),
		labels: []int{-1, -1},
		data:   make([]byte, 0, 8<<10),
	}
	p.words(messageFailure, 0, 0)
	return p
}

// do appends a call that must not fail. what says, for people, what is being
// tried.
func (p *program) do(what string, number uintptr, args ...uint64) *step {
	s := &step{what: what, number: number, negative: failure}
	copy(s.args[:], args)
	p.steps = append(p.steps, s)
	return s
}

// try appends a call whose failure does not matter.
func (p *program) try(number uintptr, args ...uint64) *step {
	s := p.do("", number, args...)
	s.negative = next
	return s
}

// label makes a label for a place not yet reached.
func (p *program) label() label {
	p.labels = append(p.labels, -1)
	return label(len(p.labels) - 1)
}

// mark puts a label before the instruction that follows.
func (p *program) mark(l label) { p.labels[l] = len(p.steps) }

// here returns a label for the instruction that follows.
func (p *program) here() label {
	l := p.label()
	p.mark(l)
	return l
}

// bytes places b in the program's data.
func (p *program) bytes(b []byte) address {
	for len(p.data)%8 != 0 {
		p.data = append(p.data, 0)
	}
	at := dataBase + address(len(p.data))
	p.data = append(p.data, b...)
	return at
}

// str places a string in the program's data, with a zero byte at its end.
func (p *program) str(s string) address { return p.bytes(append([]byte(s), 0)) }

// words places 64-bit words in the program's data.
func (p *program) words(words ...uint64) address {
	var b []byte
	for _, w := range words {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return p.bytes(b)
}

// strs places an array of strings as execve expects it.
func (p *program) strs(list []string) address {
	pointers := make([]uint64, 0, len(list)+1)
	for _, s := range list {
		pointers = append(pointers, p.str(s))
	}
	return p.words(append(pointers, 0)...)
}

func (p *program) target(l label, index int) (address, error) {
	at := index + 1
	if l != next {
		at = p.labels[l]
	}
	if at < 0 || at >= len(p.steps) {
		return 0, fmt.Errorf("instruction %d leads nowhere", index)
	}
	return p.place(at), nil
}

// argument is the address of a step's argument.
func (p *program) argument(r reference) address {
	return p.place(p.labels[r.step]) + 8 + 8*address(r.argument)
}

// place is the address of an instruction.
func (p *program) place(index int) address {
	return instructionBase + address(index)*address(unsafe.Sizeof(instruction{}))
}

// An instruction as the machine sees it.
//
//lint:ignore U1000 the machine reads the fields
type instruction struct {
	number                   uint64
	args                     [6]uint64
	out                      address
	negative, zero, positive address
}

// assemble returns the program's instructions.
func (p *program) assemble() ([]byte, error) {
	b := make([]byte, 0, len(p.steps)*int(unsafe.Sizeof(instruction{})))
	for i, s := range p.steps {
		args, out := s.args, s.out
		if s.fill != (reference{}) {
			args[s.fillAt] = p.argument(s.fill)
		}
		if s.outTo != (reference{}) {
			out = p.argument(s.outTo)
		}
		b = binary.LittleEndian.AppendUint64(b, uint64(s.number))
		for _, a := range args {
			b = binary.LittleEndian.AppendUint64(b, a)
		}
		b = binary.LittleEndian.AppendUint64(b, out)
		for _, l := range []label{s.negative, s.zero, s.positive} {
			to, err := p.target(l, i)
			if err != nil {
				if s.number != unix.SYS_EXIT_GROUP {
					return nil, err
				}
				to = 0 // the end
			}
			b = binary.LittleEndian.AppendUint64(b, to)
		}
	}
	if instructionBase+len(b) > dataBase {
		return nil, errors.New("the program is too long")
	}
	return b, nil
}

// explain makes an error of a failure at an address.
func (p *program) explain(at address, errno unix.Errno) error {
	i := int((at - instructionBase) / address(unsafe.Sizeof(instruction{})))
	if at < instructionBase || i >= len(p.steps) {
		return &stepError{"unknown step", errno}
	}
	s := p.steps[i]
	if s.extension != "" {
		return &ExtensionError{s.extension, errno}
	}
	return &stepError{s.what, errno}
}

// file writes the program and the machine into an executable file in memory.
func (p *program) file() (*os.File, error) {
	instructions, err := p.assemble()
	if err != nil {
		return nil, fmt.Errorf("write the launcher: %w", err)
	}
	text := unsafe.Slice((*byte)(machineText()), 512)
	end := bytes.Index(text, []byte(machineEnd))
	if end < 0 {
		return nil, errors.New("write the launcher: its code has no end")
	}
	instructionsAt := uint64(segmentAlign)
	dataAt := (instructionsAt + uint64(len(instructions)) + segmentAlign - 1) &^ (segmentAlign - 1)

	head := elfHeader()
	head = appendSegment(head, unix.PF_R|unix.PF_X, 0, codeBase, headerSize+uint64(end))
	head = appendSegment(head, unix.PF_R|unix.PF_W, instructionsAt, instructionBase, uint64(len(instructions)))
	head = appendSegment(head, unix.PF_R|unix.PF_W, dataAt, dataBase, uint64(len(p.data)))
	head = appendSegment(head, unix.PF_R|unix.PF_W, 0, 0, 0) // becomes the stack's
	binary.LittleEndian.PutUint32(head[64+3*56:], unix.PT_GNU_STACK)
	head = append(head, text[:end]...)

	fd, err := unix.MemfdCreate("lamgate-sandbox", unix.MFD_CLOEXEC|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 there is no MFD_EXEC
		fd, err = unix.MemfdCreate("lamgate-sandbox", unix.MFD_CLOEXEC)
	}
	if err != nil {
		return nil, fmt.Errorf("make a file in memory for the launcher: %w", err)
	}
	f := os.NewFile(uintptr(fd), "launcher")
	for _, part := range []struct {
		at uint64
		b  []byte
	}{{0, head}, {instructionsAt, instructions}, {dataAt, p.data}} {
		if _, err := f.WriteAt(part.b, int64(part.at)); err != nil {
			f.Close()
			return nil, fmt.Errorf("write the launcher: %w", err)
		}
	}
	return f, nil
}

// elfHeader returns the header of a static executable with four segments.
func elfHeader() []byte {
	b := []byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	b = binary.LittleEndian.AppendUint16(b, unix.ET_EXEC)
	b = binary.LittleEndian.AppendUint16(b, elfMachine)
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = binary.LittleEndian.AppendUint64(b, codeBase+headerSize) // entry
	b = binary.LittleEndian.AppendUint64(b, 64)                  // program headers
	b = binary.LittleEndian.AppendUint64(b, 0)                   // no section headers
	b = binary.LittleEndian.AppendUint32(b, 0)
	for _, v := range []uint16{64, 56, 4, 64, 0, 0} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func appendSegment(b []byte, flags uint32, offset, at, size uint64) []byte {
	b = binary.LittleEndian.AppendUint32(b, unix.PT_LOAD)
	b = binary.LittleEndian.AppendUint32(b, flags)
	for _, v := range []uint64{offset, at, at, size, size, segmentAlign} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}
