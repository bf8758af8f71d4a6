package plan

import (
	"net/url"
	"strings"
	"testing"
)

func TestURIs(t *testing.T) {
	values := map[string]string{"id": "7", "p": "a/b c%2Fd", "q": "x&y=z w/1", "empty": "", "u": "ä{}"}
	for _, c := range []struct{ uri, want, missing, fails string }{
		{"http://host", "http://host", "", ""},
		{"http://host/{id}", "http://host/7", "", ""},
		{"https://host:8443?{id}", "https://host:8443?7", "", ""},
		{"http://host/#{id}", "http://host/#7", "", ""},
		{"http://{id}/{p}/x", "", "", "in its host"},
		{"http://{id}.host/{p}", "", "", "in its host"},
		{"http://host{p}", "", "", "in its host"},
		{"http://host:80{p}/x", "", "", "in its host"},
		{"http://a@{p}", "", "", "in its host"},
		{"{p}", "", "", "in its host"},
		{"http{p}://host/", "", "", "in its host"},
		{"http://host/{p+}", "http://host/a/b%20c%2Fd", "", ""},
		{"http://host/{id}?a={q}&b={p}", "http://host/7?a=x%26y%3Dz%20w%2F1&b=a%2Fb%20c%2Fd", "", ""},
		{"http://host/{u}", "http://host/%C3%A4%7B%7D", "", ""},
		{"http://host/{empty}/", "http://host//", "", ""},
		{"http://host/{none}", "", "none", ""},
		{"http://host/{", "", "", "no parameter's"},
		{"http://host/{}", "", "", "no parameter's"},
		{"http://host/{a/b}", "", "", "no parameter's"},
		{"http://host/{{id}}", "", "", "no parameter's"},
	} {
		u, err := ParseURI(c.uri)
		if err != nil || c.fails != "" {
			if c.fails == "" || err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s: %v", c.uri, err)
			}
			continue
		}
		got, missing := u.Append(nil, func(name string) (string, bool) { v, ok := values[name]; return v, ok })
		if missing != c.missing || missing == "" && string(got) != c.want {
			t.Errorf("%s: %s, %q is missing", c.uri, got, missing)
		}
	}
}

func TestServiceURIs(t *testing.T) {
	for uri, want := range map[string]string{
		"arn:aws:apigateway:us-east-1:dynamodb:action/PutItem":              "us-east-1||dynamodb|PutItem",
		"arn:aws:apigateway:eu-west-1:s3:action/GetObject&Bucket=b":         "eu-west-1||s3|GetObject&Bucket=b",
		"arn:aws:apigateway:eu-west-1:s3:path/b/{key}":                      "eu-west-1||s3|",
		"arn:aws:apigateway:us-east-1:b.s3:path/":                           "us-east-1|b|s3|",
		"arn:aws:apigateway:us-east-1:runtime.sagemaker:path/endpoints/{e}": "us-east-1|runtime|sagemaker|",
		"arn:aws:apigateway:us-east-1:sqs:queue/x":                          "contains neither path nor action",
		"arn:aws:apigateway:us-east-1:sqs:action/":                          "names no action",
		"arn:aws:apigateway:us-east-1:sqs":                                  "does not name an AWS service",
		"arn:aws:apigateway::sqs:action/A":                                  "does not name an AWS service",
		"arn:aws:apigateway:us-east-1:a/b:action/A":                         "does not name an AWS service",
		"arn:aws:lambda:us-east-1:0:function:f":                             "does not name an AWS service",
		"https://sqs.us-east-1.amazonaws.com":                               "does not name an AWS service",
	} {
		u, err := ParseServiceURI(uri)
		got := u.Region + "|" + u.Subdomain + "|" + u.Service + "|" + u.Action
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%s: %s, want %s", uri, got, want)
		}
	}
}

// FuzzURI: whatever is mapped into a URI, it stays the value of its slot.
func FuzzURI(f *testing.F) {
	f.Add("a/b", "c&d")
	f.Add("%2F..%zz", "?#=+")
	f.Add("\r\n", "\x00é")
	f.Fuzz(func(t *testing.T, path, query string) {
		u, err := ParseURI("http://host/{p}?q={q}&last=1")
		if err != nil {
			t.Fatal(err)
		}
		made, missing := u.Append(nil, func(name string) (string, bool) {
			if name == "p" {
				return path, true
			}
			return query, true
		})
		parsed, err := url.Parse(string(made))
		if missing != "" || err != nil || parsed.Host != "host" || parsed.Fragment != "" {
			t.Fatalf("%s: %v", made, err)
		}
		values, err := url.ParseQuery(parsed.RawQuery)
		if err != nil || len(values) != 2 || len(values["q"]) != 1 || values.Get("last") != "1" {
			t.Fatalf("%s: %v, %v", made, values, err)
		}
	})
}
