package plan

import (
	"strings"
	"testing"
)

func TestAccessFormatIsReadOnce(t *testing.T) {
	for _, c := range []struct{ format, want string }{
		{`{"id":"$context.requestId","status":$context.status}`, `{"id":"|<requestId>|","status":|<status>|}`},
		{`$context.identity.sourceIp - [$context.requestTime] "$context.httpMethod $context.path"`,
			`<identity.sourceIp>| - [|<requestTime>|] "|<httpMethod>| |<path>|"`},
		{`<r id="$context.requestId"/>`, `<r id="|<requestId>|"/>`},
		{`$context.requestId,$context.stage-$context.status.`, `<requestId>|,|<stage>|-|<status>|.`},
		{"${context.requestId}\n", `<requestId>`},
		{`$context. $contextual ${context.open $5`, `$context. $contextual ${context.open $5`},
		{``, ``},
	} {
		f, err := ParseAccessLog(&AccessLog{DestinationARN: "arn:aws:logs:eu-west-1:000000000000:log-group:/apis/mine:*", Format: c.format})
		if err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, p := range f.Parts {
			if p.Variable != "" {
				parts = append(parts, "<"+p.Variable+">")
			} else {
				parts = append(parts, p.Text)
			}
		}
		if got := strings.Join(parts, "|"); got != c.want {
			t.Errorf("%s is read as\n%s, want\n%s", c.format, got, c.want)
		}
		if f.Group != "/apis/mine" || f.Region != "eu-west-1" {
			t.Errorf("to %s in %s", f.Group, f.Region)
		}
	}
}

func TestAccessLogsGoToLogGroups(t *testing.T) {
	for arn, why := range map[string]string{
		"arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-a": "does not build access logs to Firehose",
		"arn:aws:s3:::bucket":                            "no log group",
		"arn:aws:logs:us-east-1:000000000000:log-group:": "no log group",
		"mine": "no ARN",
	} {
		if _, err := ParseAccessLog(&AccessLog{DestinationARN: arn}); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", arn, err)
		}
	}
}

func TestContextVariables(t *testing.T) {
	for name, is := range map[string]bool{
		"requestId": true, "identity.sourceIp": true, "identity.clientCert.subjectDN": true, "authorizer.claims.sub": true,
		"error.validationErrorString": true, "identity": false, "authorizer.": false, "error.stack": false, "status": false,
		"integration.status": false, "identity.nobody": false, "": false,
	} {
		if IsContextVariable(name) != is {
			t.Errorf("%q: %v", name, !is)
		}
	}
}
