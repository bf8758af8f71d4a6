package destination

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// A deadLetter is what accompanies an event in a dead-letter queue.
type deadLetter struct {
	ErrorCode    int `json:",omitempty"` // an HTTP status
	ErrorMessage string
}

// maxErrorMessage is the size at which AWS cuts ErrorMessage.
const maxErrorMessage = 1024

func deadLetterOf(e *execution.Ended) *deadLetter {
	d := &deadLetter{}
	f := aws.AsFault(e.Err)
	switch {
	case e.Condition == execution.ZeroReservedConcurrency:
		// AWS: this text, and no code. The missing space is AWS's.
		d.ErrorMessage = "Function not invoked. Function isconfigured with zero reserved concurrent executions"
	case e.Result != nil:
		// AWS: the status is Invoke's, which is 200 when a function fails.
		var object struct {
			Message string `json:"errorMessage"`
		}
		_ = json.Unmarshal(e.Result.Payload, &object) // a function may answer anything
		d.ErrorCode, d.ErrorMessage = 200, object.Message
	case f != nil:
		d.ErrorCode, d.ErrorMessage = f.Status, f.Message
	default:
		d.ErrorCode, d.ErrorMessage = 500, "The event could not be given to the function."
	}
	if d.ErrorMessage == "" {
		d.ErrorMessage = e.Condition // a message attribute cannot be empty
	}
	d.ErrorMessage = cut(sendable(d.ErrorMessage), maxErrorMessage)
	return d
}

// sendable replaces the characters that SQS does not take, such as those by which
// terminals change colours: with one of them the event would be refused.
func sendable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0xfffe || c == 0xffff {
			return utf8.RuneError
		}
		return c
	}, s)
}

// cut shortens a text to at most n bytes of whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// An attribute of a message, in SQS and SNS alike.
type attribute struct{ name, kind, value string }

// attributes of an event in a dead-letter queue.
//
// AWS: the developer guide's table, and as recorded.
func (d *delivery) attributes() []attribute {
	if d.DeadLetter == nil {
		return nil
	}
	list := []attribute{{"RequestID", "String", d.RequestID}, {"ErrorMessage", "String", d.DeadLetter.ErrorMessage}}
	if d.DeadLetter.ErrorCode != 0 {
		list = append(list, attribute{"ErrorCode", "Number", strconv.Itoa(d.DeadLetter.ErrorCode)})
	}
	return list
}
