package plan

import (
	"strings"
	"testing"
	"time"
)

func TestText(t *testing.T) {
	variables := map[string]string{"fn": "hello", "q": "live", "empty": ""}
	for _, c := range []struct{ text, want, fails string }{
		{"", "", ""},
		{"plain", "plain", ""},
		{"${stageVariables.fn}", "hello", ""},
		{"a:${stageVariables.fn}:${stageVariables.q}", "a:hello:live", ""},
		{"$${stageVariables.fn}}", "$hello}", ""},
		{"${other}", "${other}", ""},
		{"${stageVariables.none}", "", `no variable "none"`},
		{"${stageVariables.empty}", "", `no variable "empty"`},
		{"${stageVariables.fn", "", "not closed"},
		{"${stageVariables.}", "", "not closed"},
	} {
		text, err := ParseText(c.text)
		got := ""
		if err == nil {
			got, err = text.Fill(variables)
		}
		if got != c.want || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%q: %q, %v", c.text, got, err)
		}
	}
}

func TestLambdaProxyIsCompiled(t *testing.T) {
	const arn = "arn:aws:lambda:us-east-1:000000000000:function:hello"
	const uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arn + "/invocations"
	integration := func(change func(*Integration)) *Method {
		i := &Integration{Type: "AWS_PROXY", HTTPMethod: "POST", URI: uri, TimeoutMillis: 1500}
		change(i)
		return &Method{Integration: i}
	}
	for _, c := range []struct {
		name   string
		change func(*Integration)
		closed string
	}{
		{"whole", func(*Integration) {}, ""},
		{"mapped", func(i *Integration) {
			i.RequestParameters = map[string]string{"integration.request.header.X-A": "'static'", "integration.request.querystring.b": "method.request.path.id"}
		}, ""},
		{"by GET", func(i *Integration) { i.HTTPMethod = "GET" }, "POST only"},
		{"without a method", func(i *Integration) { i.HTTPMethod = "" }, "POST only"},
		{"without a function", func(i *Integration) {
			i.URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions//invocations"
		}, "does not name a function"},
		{"a URL", func(i *Integration) { i.URI = "https://example.com" }, "does not name a function"},
		{"no invocations", func(i *Integration) { i.URI = strings.TrimSuffix(uri, "/invocations") }, "does not name a function"},
		{"open slot", func(i *Integration) { i.URI = strings.Replace(uri, "hello", "${stageVariables.fn", 1) }, "not closed"},
		{"onto Host's place", func(i *Integration) {
			i.RequestParameters = map[string]string{"integration.request.cookie.a": "'x'"}
		}, "no such place"},
		{"from the body", func(i *Integration) {
			i.RequestParameters = map[string]string{"integration.request.header.a": "method.request.body.a[?(]"}
		}, "path that cannot be read"},
		{"from nowhere", func(i *Integration) {
			i.RequestParameters = map[string]string{"integration.request.header.a": "method.request.cookie.a"}
		}, "names no source"},
		{"from the unknown", func(i *Integration) {
			i.RequestParameters = map[string]string{"integration.request.header.a": "context.unheard"}
		}, "no variable of $context"},
		{"onto Authorization", func(i *Integration) {
			i.RequestParameters = map[string]string{"integration.request.header.authorization": "'x'"}
		}, "no parameter can be mapped to the header authorization"},
	} {
		t.Run(c.name, func(t *testing.T) {
			binding, closed := compileBinding(integration(c.change))
			if c.closed != "" {
				if closed == nil || !strings.Contains(closed.What, c.closed) {
					t.Errorf("closed by %+v", closed)
				}
				return
			}
			p, ok := binding.(*LambdaProxy)
			if !ok || closed != nil || p.Timeout != 1500*time.Millisecond {
				t.Fatalf("%+v, %+v", binding, closed)
			}
			if got, err := p.Function.Fill(nil); got != arn || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	if p := mustBind(t, integration(func(i *Integration) { i.TimeoutMillis = 0 })); p.(*LambdaProxy).Timeout != DefaultTimeout {
		t.Errorf("%+v", p)
	}
}

// The URI and the transfer mode must say the same.
func TestStreamingOfFunctionsIsCompiled(t *testing.T) {
	const arn = "arn:aws:lambda:us-east-1:000000000000:function:hello"
	const whole, stream = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arn + "/invocations",
		"arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/" + arn + "/response-streaming-invocations"
	for _, c := range []struct{ mode, uri, closed string }{
		{"STREAM", stream, ""},
		{"BUFFERED", whole, ""},
		{"", whole, ""},
		{"STREAM", whole, "invokes the function for a whole answer"},
		{"BUFFERED", stream, "its responseTransferMode is BUFFERED"},
		{"", stream, "its responseTransferMode is BUFFERED"},
		{"STREAM", strings.Replace(stream, "2021-11-15", "2015-03-31", 1), "does not name a function"},
		{"STREAM", strings.Replace(stream, "response-streaming-", "", 1), "does not name a function"},
	} {
		binding, closed := compileBinding(&Method{Integration: &Integration{Type: "AWS_PROXY", HTTPMethod: "POST", URI: c.uri, ResponseTransferMode: c.mode, TimeoutMillis: 900_000}})
		if c.closed != "" {
			if closed == nil || !strings.Contains(closed.What, c.closed) {
				t.Errorf("%s with %s: closed by %+v", c.mode, c.uri, closed)
			}
			continue
		}
		p, ok := binding.(*LambdaProxy)
		if !ok || closed != nil || p.Stream != (c.mode == "STREAM") || p.Timeout != 15*time.Minute {
			t.Errorf("%s with %s: %+v, %v", c.mode, c.uri, binding, closed)
			continue
		}
		if got, err := p.Function.Fill(nil); got != arn || err != nil {
			t.Errorf("the function is %q, %v", got, err)
		}
	}
}

func mustBind(t *testing.T, m *Method) Binding {
	t.Helper()
	b, closed := compileBinding(m)
	if closed != nil {
		t.Fatal(closed)
	}
	return b
}

func TestMockStatus(t *testing.T) {
	for template, want := range map[string]int{
		`{"statusCode": 200}`:              200,
		`{"statusCode":"404"}`:             404,
		`{"a":{"b":[1]},"statusCode":201}`: 201,
		` { "statusCode": 200, } `:         200,
		`{ statusCode: 204 }`:              204,
		`{'statusCode': 200}`:              200,
		`{}`:                               0,
		``:                                 0,
		`200`:                              0,
		`{"statusCode": "x"}`:              0,
		`{"statusCode": [200]}`:            0,
	} {
		got, err := MockStatus([]byte(template))
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("%s: %d, %v", template, got, err)
		}
	}
}
