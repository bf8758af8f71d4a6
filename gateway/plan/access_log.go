package plan

import (
	"fmt"
	"strings"

	"github.com/lamgate/lamgate/aws"
)

// An AccessFormat is the format of a stage's access log, read once.
type AccessFormat struct {
	Group  string // the name of the log group
	Region string // of the log group
	Parts  []AccessPart
}

// An AccessPart is text, or a variable of $context.
type AccessPart struct {
	Text     string
	Variable string // without "$context."; empty for text
}

// ParseAccessLog reads where a stage logs its requests, and in what format.
// JSON, XML, CSV and the common log format are all the same to it: text with
// variables in it.
//
// AWS: a variable that there is none of is logged as "-", like one that has
// no value.
func ParseAccessLog(a *AccessLog) (*AccessFormat, error) {
	arn, err := aws.ParseARN(a.DestinationARN)
	if err != nil {
		return nil, fmt.Errorf("the access log's destination %q is no ARN", a.DestinationARN)
	}
	group, ok := strings.CutPrefix(arn.Resource, "log-group:")
	group = strings.TrimSuffix(group, ":*")
	switch {
	case arn.Service == "firehose":
		return nil, fmt.Errorf("lamgate does not build access logs to Firehose (%s) yet", a.DestinationARN)
	case arn.Service != "logs" || !ok || group == "":
		return nil, fmt.Errorf("the access log's destination %q is no log group", a.DestinationARN)
	}
	return &AccessFormat{Group: group, Region: arn.Region, Parts: parseAccessFormat(a.Format)}, nil
}

// parseAccessFormat reads a format: $context.NAME, or ${context.NAME}.
func parseAccessFormat(format string) []AccessPart {
	const open, braced = "$context.", "${context."
	// A line is one line, whatever the format was written on.
	format = strings.NewReplacer("\r\n", "", "\n", "", "\r", "").Replace(format)
	var parts []AccessPart
	var text strings.Builder
	for format != "" {
		name, rest := "", ""
		if after, ok := strings.CutPrefix(format, open); ok {
			name = variableName(after)
			rest = after[len(name):]
		} else if after, ok := strings.CutPrefix(format, braced); ok {
			name = variableName(after)
			rest, ok = strings.CutPrefix(after[len(name):], "}")
			if !ok {
				name = ""
			}
		}
		if name == "" {
			text.WriteByte(format[0])
			format = format[1:]
			continue
		}
		if text.Len() > 0 {
			parts = append(parts, AccessPart{Text: text.String()})
			text.Reset()
		}
		parts = append(parts, AccessPart{Variable: name})
		format = rest
	}
	if text.Len() > 0 {
		parts = append(parts, AccessPart{Text: text.String()})
	}
	return parts
}

// variableName returns the dotted name that s begins with. A dot that ends a
// sentence is not part of it.
func variableName(s string) string {
	end := 0
	for end < len(s) {
		ch := s[end]
		if !('a' <= ch && ch <= 'z' || 'A' <= ch && ch <= 'Z' || '0' <= ch && ch <= '9' || ch == '_' || ch == '.') {
			break
		}
		end++
	}
	return strings.TrimRight(s[:end], ".")
}
