package vtl

import (
	"fmt"
	"strings"
)

// An Error tells what is wrong with a template, or with its execution, and
// where.
type Error struct {
	Line, Column int // from 1; the column counts characters
	Message      string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s at line %d, column %d", e.Message, e.Line, e.Column)
}

// place returns the line and the column of an offset in a source.

func place(source string, offset int) (line, column int) {
	before := source[:min(offset, len(source))]
	line = 1 + strings.Count(before, "\n")
	column = 1
	for _, r := range before[strings.LastIndexByte(before, '\n')+1:] {
		if r != '\r' {
			column++
		}
	}
	return line, column
}
