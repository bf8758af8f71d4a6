package destination

import (
	"fmt"
	"strings"

	"github.com/lamgate/lamgate/aws"
)

// A target is what a destination's ARN names.
type target struct {
	aws.ARN
	action   string // that the function's role must be allowed
	resource string // on which
}

// parseTarget reads the ARN of a destination. Configurations are checked before
// they are stored; what else is found here is refused by its name.
func (d *delivery) parseTarget() (target, error) {
	a, err := aws.ParseARN(d.Target)
	if err != nil {
		return target{}, err
	}
	t := target{ARN: a, resource: d.Target}
	if t.Region == "" {
		t.Region = d.Function.Region
	}
	fifo := strings.HasSuffix(a.Resource, ".fifo")
	switch {
	case a.Service == "sqs" && !fifo:
		t.action = "sqs:SendMessage"
	case a.Service == "sns" && !fifo:
		t.action = "sns:Publish"
	case a.Service == "sqs", a.Service == "sns":
		return target{}, fmt.Errorf("%s is FIFO: Lambda sends records and dead letters to standard queues and topics only", d.Target)
	case d.DeadLetter != nil:
		return target{}, fmt.Errorf("%s is neither a queue nor a topic, as a dead-letter queue must be", d.Target)
	case a.Service == "lambda":
		t.action = "lambda:InvokeFunction"
	case a.Service == "events" && strings.HasPrefix(a.Resource, "event-bus/"):
		t.action = "events:PutEvents"
	case a.Service == "s3" && a.Resource != "":
		t.action, t.resource = "s3:PutObject", d.Target+"/"+d.objectKey()
	default:
		return target{}, fmt.Errorf("%s is no queue, topic, function, event bus or bucket", d.Target)
	}
	return t, nil
}

// objectKey is where a record stands in a bucket.
//
// AWS: the developer guide's naming convention.
func (d *delivery) objectKey() string {
	return "aws/lambda/async/" + d.Function.Name + "/" + d.Ended.UTC().Format("2006/01/02/2006-01-02T15.04.05") + "-" + d.ID
}
