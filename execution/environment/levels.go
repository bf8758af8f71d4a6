package environment

import (
	"encoding/json"
	"strings"
)

// A level is how much a line of a JSON log matters.
//
// AWS: "Log-level filtering" in the developer guide.
type level uint8

const (
	quiet level = iota // no level at all
	trace
	debug
	info
	warn
	erroneous
	fatal
)

// parseLevel reads a level's name; what is none is otherwise.
func parseLevel(name string, otherwise level) level {
	switch strings.ToUpper(name) {
	case "TRACE":
		return trace
	case "DEBUG":
		return debug
	case "INFO":
		return info
	case "WARN", "WARNING":
		return warn
	case "ERROR":
		return erroneous
	case "FATAL", "CRITICAL":
		return fatal
	}
	return otherwise
}

// levelOf is the level of a line that a function has printed.
//
// AWS: that of the key "level" if the line is a JSON object, else INFO.
func levelOf(line string) level {
	if !strings.HasPrefix(line, "{") {
		return info
	}
	var o struct {
		Level string `json:"level"`
	}
	if json.Unmarshal([]byte(line), &o) != nil {
		return info
	}
	return parseLevel(o.Level, info)
}
