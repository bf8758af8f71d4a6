package main

import (
	"strings"
	"testing"
)

func TestEndpoints(t *testing.T) {
	for _, c := range []struct {
		pairs []string
		fails string
	}{
		{nil, ""},
		{[]string{"dynamodb=http://127.0.0.1:8000", "runtime.sagemaker=https://host/base", "vpclink/my link=http://127.0.0.1:9000"}, ""},
		{[]string{"dynamodb"}, "does not begin with a service's name"},
		{[]string{"=http://a"}, "does not begin with a service's name"},
		{[]string{"Dynamo DB=http://a"}, "does not begin with a service's name"},
		{[]string{"vpclink/=http://a"}, "does not begin with a service's name"},
		{[]string{"sqs=127.0.0.1:9324"}, "no URL of an HTTP endpoint"},
		{[]string{"sqs=ftp://a"}, "no URL of an HTTP endpoint"},
		{[]string{"sqs=http://"}, "no URL of an HTTP endpoint"},
		{[]string{"sqs=http://u:p@a"}, "more than a host and a path"},
		{[]string{"sqs=http://a?b=c"}, "more than a host and a path"},
		{[]string{"sqs=http://a", "sqs=http://b"}, "names sqs twice"},
	} {
		got, err := parseEndpoints(c.pairs)
		if c.fails == "" && (err != nil || len(got) != len(c.pairs)) || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
			t.Errorf("%q: %v, %v", c.pairs, got, err)
		}
	}
}
