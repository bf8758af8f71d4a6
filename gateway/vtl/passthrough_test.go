package vtl_test

import (
	"strings"
	"testing"

	"github.com/lamgate/lamgate/gateway/value"
	"github.com/lamgate/lamgate/gateway/vtl"
)

// passthrough is the template that AWS's console offers as "Method Request
// passthrough", as people shorten it.
const passthrough = `##  See http://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
#set($allParams = $input.params())
{
"method" : "$context.httpMethod", ## API method
"authcontext" : "$context.authorizer.stringkey", ## Optional output from Lambda Authorizers
## passthrough body
"body-json" : $input.json('$'),
## passthrough headers, querystrings and path parameters
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
}
}
`

type variables map[string]value.Value

func (v variables) Variable(name string) (value.Value, bool) {
	x, ok := v[name]
	return x, ok
}

func TestPassthrough(t *testing.T) {
	e := &vtl.Environment{
		Input: vtl.Input{
			Body:   []byte(`{"keybody": "it's", "n": [1, 2.50]}`),
			Path:   []vtl.Parameter{{Name: "proxy", Value: "a/b"}},
			Query:  []vtl.Parameter{{Name: "q", Value: `say "hi"`}},
			Header: []vtl.Parameter{{Name: "Accept", Value: "*/*"}, {Name: "X-Name", Value: "Grüße"}},
		},
		Context: variables{"httpMethod": "POST", "authorizer.stringkey": "value"},
	}
	want := strings.Join([]string{
		`{`,
		`"method" : "POST", "authcontext" : "value", "body-json" : {"keybody":"it's","n":[1,2.5]},`,
		`"params" : {`,
		`"path" : {`,
		`        "proxy" : "a\/b"`,
		`            }`,
		`    ,"querystring" : {`,
		`        "q" : "say \"hi\""`,
		`            }`,
		`    ,"header" : {`,
		`        "Accept" : "*\/*"`,
		`        ,        "X-Name" : "Gr\u00FC\u00DFe"`,
		`            }`,
		`    }`,
		`}`,
		``,
	}, "\n")
	if got := render(t, passthrough, e); got != want {
		t.Errorf("prints\n%s\nwant\n%s", got, want)
	}
}

// browser is what a browser sends.
func browser() *vtl.Environment {
	header := []vtl.Parameter{
		{Name: "Accept", Value: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"},
		{Name: "Accept-Encoding", Value: "gzip, deflate, br, zstd"},
		{Name: "Accept-Language", Value: "en-GB,en;q=0.9,de;q=0.8"},
		{Name: "Cache-Control", Value: "no-cache"},
		{Name: "Content-Type", Value: "application/json"},
		{Name: "Cookie", Value: "session=0123456789abcdef0123456789abcdef; theme=dark; consent=1"},
		{Name: "Host", Value: "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"},
		{Name: "Origin", Value: "https://www.example.com"},
		{Name: "Pragma", Value: "no-cache"},
		{Name: "Referer", Value: "https://www.example.com/shop/basket?from=mail"},
		{Name: "Sec-Ch-Ua", Value: `"Chromium";v="131", "Not_A Brand";v="24"`},
		{Name: "Sec-Ch-Ua-Mobile", Value: "?0"},
		{Name: "Sec-Ch-Ua-Platform", Value: `"Linux"`},
		{Name: "Sec-Fetch-Dest", Value: "empty"},
		{Name: "Sec-Fetch-Mode", Value: "cors"},
		{Name: "Sec-Fetch-Site", Value: "same-site"},
		{Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"},
		{Name: "X-Amzn-Trace-Id", Value: "Root=1-67891233-abcdef012345678912345678"},
		{Name: "X-Forwarded-For", Value: "203.0.113.7"},
		{Name: "X-Forwarded-Port", Value: "443"},
		{Name: "X-Forwarded-Proto", Value: "https"},
	}
	return &vtl.Environment{
		Input: vtl.Input{
			Body:   []byte(`{"item":"book","count":2,"gift":true,"to":{"name":"Ann","city":"Ulm"}}`),
			Path:   []vtl.Parameter{{Name: "proxy", Value: "shop/basket"}},
			Query:  []vtl.Parameter{{Name: "from", Value: "mail"}, {Name: "page", Value: "2"}},
			Header: header,
		},
		Context: variables{"httpMethod": "POST"},
	}
}

func BenchmarkPassthrough(b *testing.B) {
	template, err := vtl.Parse(passthrough)
	if err != nil {
		b.Fatal(err)
	}
	e := browser()
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		if out, err = template.Append(out[:0], e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := vtl.Parse(passthrough); err != nil {
			b.Fatal(err)
		}
	}
}
