package bootstrap

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func startRuby(t testing.TB, p *platform, env map[string]string) *client {
	t.Helper()
	ruby, err := exec.LookPath("ruby")
	if err != nil {
		t.Skip(err)
	}
	return p.start([]string{ruby, filepath.Join(installed(t), Ruby)}, env)
}

// Ruby's handlers, and what they can do wrong.
func TestRubyHandlers(t *testing.T) {
	cases := []struct{ name, handler, code, want, kind, log, exit string }{
		{"method", "app.handler", "def handler(event:, context:) = { got: event, id: context.aws_request_id.size, name: context.function_name, left: context.get_remaining_time_in_millis > 1000 }",
			`→{"got":{"a":"ü"},"id":36,"name":"f","left":true}`, "", "", ""},
		{"class method", "app.Api::Orders.get", "module Api; class Orders; def self.get(event:, context:) = [1, nil]; end; end", "→[1,null]", "", "", ""},
		{"bytes", "app.handler", "require 'stringio'\ndef handler(event:, context:) = StringIO.new('raw')", "→raw", "", "", ""},
		{"own marshalling", "app.handler", "class AwsLambda::Marshaller; def self.marshall_response(r) = 'mine'.to_json; end\ndef handler(event:, context:) = 1", `→"mine"`, "", "", ""},
		{"raises", "app.handler", "def handler(event:, context:) = raise(ArgumentError, 'no')", "!Function<ArgumentError>: no", "Function<ArgumentError>",
			"Error raised from handler method\n{\r  \"errorMessage\": \"no\",\r  \"errorType\": \"Function<ArgumentError>\",\r  \"stackTrace\": [\r", ""},
		{"raises its own", "app.handler", "class Mine < StandardError; end\ndef handler(event:, context:) = raise(Mine, 'own')", "!Function<Mine>: own", "Function<UserException>", "", ""},
		{"no method", "app.handler", "def handler(event:, context:) = nil.none", "!Function<NoMethodError>: undefined method `none' for nil:NilClass", "Function<NoMethodError>", "Critical exception from handler\n", "255"},
		{"exits", "app.handler", "def handler(event:, context:) = exit(3)", "!Function<SystemExit>: exit", "Function<SystemExit>", "", "255"},
		{"no file", "none.handler", "", "!Init<LoadError>: cannot load such file -- none", "Init<LoadError>", "Init error when loading handler none.handler\n", "252"},
		{"no name", "app", "", `!Init<ArgumentError>: Invalid handler ["app"], must be of form FILENAME.METHOD`, "Init<ArgumentError>", "", "252"},
		{"syntax", "app.handler", "def handler(", "!Init<SyntaxError>: ", "Function<UserException>", "", "252"},
		{"logs", "app.handler", "require 'logger'\nL = Logger.new($stdout)\ndef handler(event:, context:)\nputs \"two\\nlines\", 3\nL.info('told')\nend", "→true", "", "two\rlines\r3\nI, [", ""},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			p := newPlatform(t)
			c := startRuby(t, p, function{map[string]string{"app.rb": test.code + "\n"}, test.handler, nil}.environment(t, p, "ruby3.3"))
			c.send(`{"a":"ü"}`, nil)
			s := c.hear()
			var e struct {
				ErrorType, ErrorMessage string
				StackTrace              []string
			}
			got := "→" + s.body
			if s.path != "response" {
				json.Unmarshal([]byte(s.body), &e)
				message, _, _ := strings.Cut(e.ErrorMessage, "\n")
				got = "!" + e.ErrorType + ": " + message
			}
			if !strings.HasPrefix(got, test.want) || s.header.Get("Lambda-Runtime-Function-Error-Type") != test.kind {
				t.Errorf("heard %q of type %q\n%s", got, s.header.Get("Lambda-Runtime-Function-Error-Type"), c.log.String())
			}
			if test.kind != "" && test.exit != "252" && (len(e.StackTrace) == 0 || !strings.Contains(e.StackTrace[len(e.StackTrace)-1], "app.rb")) {
				t.Errorf("stack is %q", e.StackTrace)
			}
			c.logged(test.log)
			if test.exit != "" {
				if s := c.hear(); s.path != "gone" || s.body != test.exit {
					t.Errorf("%+v", s)
				}
				return
			}
			c.send("[]", nil)
			if s := c.hear(); s.path != "response" && s.path != "error" {
				t.Errorf("the next event: %+v", s)
			}
		})
	}
}

// Loggers in JSON, with a level.
func TestRubyLogsInJSON(t *testing.T) {
	p := newPlatform(t)
	c := startRuby(t, p, function{map[string]string{"app.rb": `
require 'logger'
L = Logger.new($stdout, progname: 'orders')
def handler(event:, context:)
  L.debug('one')
  L.info({ a: 1 })
  begin
    raise ArgumentError, 'bad'
  rescue => e
    L.error(e)
  end
end
`}, "app.handler", map[string]string{"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}}.environment(t, p, "ruby3.3"))
	id := c.send("{}", nil)
	c.hear()
	log := strings.ReplaceAll(c.logged(`"location"`), id, "ID")
	for _, want := range []string{`"level":"INFO","message":"{:a=>1}","requestId":"ID","logger":"orders"}`, `"level":"ERROR","message":"bad","requestId":"ID","logger":"orders","errorType":"ArgumentError","errorMessage":"bad","stackTrace":["`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
	if strings.Contains(log, `"one"`) {
		t.Error("a level is not minded")
	}
}

// A stem cell becomes a function, and the function cannot tell.
func TestRubyStems(t *testing.T) {
	var answers [2]string
	for i := range answers {
		p := newPlatform(t)
		env := function{map[string]string{"app.rb": `
require 'logger'
START = [ENV.to_h.sort, Dir.pwd, Time.at(0).hour, $LOAD_PATH.first, ` + "`echo $TABLE $LAMGATE_STEM`" + `]
def handler(event:, context:)
  Logger.new($stdout).info('seen')
  START + [context.function_name, context.memory_limit_in_mb]
end
`}, "app.handler", map[string]string{"TABLE": "orders", "TZ": "Asia/Tokyo"}}.environment(t, p, "ruby3.3")
		var c *client
		if i == 0 {
			c = startRuby(t, p, env)
		} else {
			c = startRuby(t, p, map[string]string{
				"AWS_LAMBDA_RUNTIME_API": env["AWS_LAMBDA_RUNTIME_API"], "LAMGATE_STEM": "/lamgate/assignment/x", "LANG": env["LANG"], "PATH": env["PATH"], "TZ": ":UTC", "OTHER": "gone",
			})
			<-p.asked
			p.become <- env
		}
		id := c.send("{}", nil)
		answer := strings.ReplaceAll(c.hear().body, env["LAMBDA_TASK_ROOT"], "ROOT")
		answers[i] = strings.ReplaceAll(answer, env["AWS_LAMBDA_RUNTIME_API"], "API")
		c.logged(id + " -- : seen\n")
	}
	if answers[0] != answers[1] || !strings.Contains(answers[0], `"ROOT",9,"ROOT","orders\n","f","128"]`) {
		t.Errorf("a stem's function sees\n%s\nothers\n%s", answers[1], answers[0])
	}
}
