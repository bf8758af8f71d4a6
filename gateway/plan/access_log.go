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

func parseAccessFormat(format string) []AccessPart {
	const open = "$context."
	var parts []AccessPart
	text := func(s string) {
		if s == "" {
			return
		}
		if n := len(parts); n > 0 && parts[n-1].Variable == "" {
			parts[n-1].Text += s
			return
		}
		parts = append(parts, AccessPart{Text: s})
	}
	for {
		before, after, ok := strings.Cut(format, open)
		text(before)
		if !ok {
			break
		}
		name := variableName(after)
		if name == "" {
			text(open)
		} else {
			parts = append(parts, AccessPart{Variable: name})
		}
		format = after[len(name):]
	}
	// A line is one line, whatever the format was written on.
	for i := range parts {
		parts[i].Text = strings.NewReplacer("\r\n", "", "\n", "", "\r", "").Replace(parts[i].Text)
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
