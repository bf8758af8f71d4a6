package vtl_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/gateway/value"
	"github.com/lamgate/lamgate/gateway/vtl"
)

func environment() *vtl.Environment {
	identity := value.NewMap(1)
	identity.Set("sourceIp", "203.0.113.7")
	claims := value.NewMap(1)
	claims.Set("sub", "me")
	return &vtl.Environment{
		Input: vtl.Input{
			Body:   []byte(`{"a": {"b": [1, {"c": "d"}], "n": null, "e": []}, "s": "it's"}`),
			Path:   []vtl.Parameter{{Name: "id", Value: "7"}, {Name: "x", Value: "path"}},
			Query:  []vtl.Parameter{{Name: "x", Value: "query"}, {Name: "q", Value: "a b"}},
			Header: []vtl.Parameter{{Name: "x", Value: "header"}, {Name: "Accept", Value: "*/*"}},
		},
		Context:        variables{"stage": "dev", "identity.sourceIp": "203.0.113.7", "identity": identity, "authorizer.claims": claims},
		StageVariables: map[string]string{"table": "pets", "alias": "live"},
	}
}

func TestVariables(t *testing.T) {
	for name, c := range map[string]struct{ template, want string }{
		"context":             {`$context.stage $context.identity.sourceIp $context.identity $context.nope.x ${context.stage}`, `dev 203.0.113.7 {sourceIp=203.0.113.7}  dev`},
		"context, in a group": {`$context.authorizer.claims.sub $context.authorizer.claims["sub"] $context.identity.get("sourceIp") $context["stage"]`, `me me 203.0.113.7 dev`},
		"stage variables":     {`$stageVariables.table ${stageVariables.alias} $stageVariables["table"] $stageVariables.get("nope") $stageVariables.keySet()`, `pets live pets  [alias, table]`},
		"a path":              {`$input.path('$.a.b[1].c') $input.path('$').a.b[0] $input.path('$.a.b') $input.path('$.a')`, `d 1 [1,{"c":"d"}] {b=[1,{"c":"d"}], n=null, e=[]}`},
		"a path to nothing":   {`[$input.path('$.nope')] [$input.path('$.a.n')] #if($input.path('$.nope') == "")e#end#foreach($x in $input.path('$.nope'))x#end`, `[] [] e`},
		"a path that varies":  {`#set($k = "b")$input.path("$.a.$k")`, `[1,{"c":"d"}]`},
		"json":                {`$input.json('$.a.b') $input.json('$.s') $input.json('$.a.e')`, `[1,{"c":"d"}] "it's" []`},
		"json to nothing":     {`$input.json('$.nope')`, `""`},
		"body":                {`$input.body.length() $input.body.nope`, `62 `},
		"params":              {`$input.params()`, `{path={id=7, x=path}, querystring={x=query, q=a b}, header={x=header, Accept=*/*}}`},
		"params by name":      {`$input.params('x') $input.params('q') $input.params("Accept") [$input.params('nope')] $input.params().header.x $input.params().path.get('id')`, `path a b */* [] header 7`},
		"escapeJavaScript":    {`$util.escapeJavaScript("it's ""a/b\c"" ü")`, `it\'s \"a\/b\\c\" \u00FC`},
		"and back":            {`$util.escapeJavaScript($input.json('$.s')).replaceAll("\\'","'")`, `\"it's\"`},
		"urlEncode":           {`$util.urlEncode("a b&c=ü*~") $util.urlDecode("a+b%26%C3%BC")`, `a+b%26c%3D%C3%BC*%7E a b&ü`},
		"base64":              {`$util.base64Encode("hé") $util.base64Decode("aMOp") $util.base64Decode("aMOp==")`, `aMOp hé hé`},
		"parseJson":           {`#set($j = $util.parseJson('{"a": [1, 2.0], "b": {"c": null}}'))$j.a[1] $j $j.b.c.d`, `2.0 {a=[1,2.0], b={c=null}} `},
		"nothing to call":     {`[$util.nope("x")] [$input.nope] [$util.class] [$context.class.name]`, `[] [] [] []`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := render(t, c.template, environment()); got != c.want {
				t.Errorf("%s\nprints %q\n  want %q", c.template, got, c.want)
			}
		})
	}
}

func TestNoBody(t *testing.T) {
	if got := render(t, `$input.body $input.json('$') [$input.path('$.a')]`, &vtl.Environment{}); got != `{} {} []` {
		t.Errorf("prints %q", got)
	}
}

func TestOverrides(t *testing.T) {
	e := environment()
	out := render(t, `#set($context.requestOverride.header.X-Id = "1")
#set($context.requestOverride.querystring["a b"] = ["x", "y"])
#set($context.requestOverride.path.body = $input.body)
#set($context.responseOverride.status = 418)
#set($context.stage = "no")
$context.requestOverride.header.X-Id $context.requestOverride.header.nope $context.stage $context.responseOverride.status`, e)
	if out != "1  dev 418" {
		t.Errorf("prints %q", out)
	}
	if got := value.Text(e.RequestOverride); got != "{header={X-Id=1}, querystring={a b=[x, y]}, path={body="+string(e.Input.Body)+"}}" {
		t.Errorf("the request's are %s", got)
	}
	if got := value.Text(e.ResponseOverride); got != "{status=418}" {
		t.Errorf("the response's are %s", got)
	}
	response := &vtl.Environment{RequestOverride: e.RequestOverride}
	if got := render(t, `$context.requestOverride.path.body.length()`, response); got != "62" {
		t.Errorf("the response template prints %q", got)
	}
}

func TestLog(t *testing.T) {
	var lines []string
	e := environment()
	e.Log = func(line, column int, message string) {
		lines = append(lines, fmt.Sprintf("%d:%d %s", line, column, message))
	}
	render(t, "$x.y\n$input.path('$').nope()\n#foreach($i in [1..1001])#end", e)
	want := []string{
		"1:1 $x is not set",
		"2:18 the method nope of $input.path('$').nope() does not exist, or returned null",
		"3:1 #foreach is left after 1000 of 1001 rounds",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("logged\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}
