package plan

import (
	"net/http"
	"strconv"
	"strings"
)

// A CustomResponse is an API's own version of a response that the gateway
// itself gives.
type CustomResponse struct {
	Type    string // what the API has customised: the response's own type, or DEFAULT_4XX or DEFAULT_5XX
	Status  int    // 0 for the response's own
	Headers []Mapping
	Bodies  []CustomBody // by content type; none for the response's own body

	// Ignored are the parts that cannot be used, and why: a mistake in an
	// error's looks must not hide the error.
	Ignored []string
}

// A CustomBody is a body with variables in it.
type CustomBody struct {
	ContentType string
	literals    []string // one more than variables
	variables   []Parameter
}

// compileGatewayResponses prepares an API's own gateway responses.
func compileGatewayResponses(d *Deployment) map[string]*CustomResponse {
	if len(d.GatewayResponses) == 0 {
		return nil
	}
	all := make(map[string]*CustomResponse, len(d.GatewayResponses))
	for kind, document := range d.GatewayResponses {
		all[kind] = compileGatewayResponse(kind, &document)
	}
	return all
}

func compileGatewayResponse(kind string, document *GatewayResponse) *CustomResponse {
	r := &CustomResponse{Type: kind}
	if document.StatusCode != "" {
		status, err := strconv.Atoi(document.StatusCode)
		if err != nil || status < 200 || status > 599 {
			r.Ignored = append(r.Ignored, "the status "+Quote(document.StatusCode)+" is not one between 200 and 599")
		} else {
			r.Status = status
		}
	}
	for _, to := range sortedKeys(document.ResponseParameters) {
		from := document.ResponseParameters[to]
		name, ok := strings.CutPrefix(to, "gatewayresponse.header.")
		if !ok || name == "" {
			r.Ignored = append(r.Ignored, to+" is not gatewayresponse.header.NAME")
			continue
		}
		switch strings.ToLower(name) {
		case "connection", "content-length", "date", "trailer", "transfer-encoding", "upgrade",
			"x-amzn-requestid", "x-amz-apigw-id", "x-amzn-errortype":
			r.Ignored = append(r.Ignored, "the header "+name+" is the gateway's own")
			continue
		}
		source, ok := gatewaySource(from)
		if !ok {
			r.Ignored = append(r.Ignored, "the header "+name+" cannot be mapped from "+from)
			continue
		}
		r.Headers = append(r.Headers, Mapping{To: Parameter{Location: Header, Name: name}, From: source})
	}
	for _, contentType := range sortedKeys(document.ResponseTemplates) {
		r.Bodies = append(r.Bodies, parseCustomBody(contentType, document.ResponseTemplates[contentType]))
	}
	return r
}

// gatewaySource reads where a header of a gateway response comes from: a text
// in quotes, or a variable without its $.
func gatewaySource(s string) (Parameter, bool) {
	if len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'' {
		text := s[1 : len(s)-1]
		return Parameter{Location: Static, Name: text}, !strings.ContainsAny(text, "\r\n\x00")
	}
	return gatewayVariable(s)
}

// gatewayVariable reads the name of a variable, without its $.
//
// AWS: "A gateway response mapping template can access $context variable
// values and $stageVariables property values, as well as method request
// parameters, in the form of method.request.param-position.param-name."
func gatewayVariable(name string) (Parameter, bool) {
	if rest, ok := strings.CutPrefix(name, "context."); ok {
		return Parameter{Location: RequestContext, Name: rest}, IsContextVariable(rest)
	}
	if rest, ok := strings.CutPrefix(name, "stageVariables."); ok {
		return Parameter{Location: StageVariable, Name: rest}, rest != ""
	}
	return parseParameter(name, "method.request.")
}

// parseCustomBody finds the variables of a template: $NAME or ${NAME}.
//
// AWS: templates of gateway responses know simple variables and nothing else
// of the template language ("Gateway responses in API Gateway").
func parseCustomBody(contentType, template string) CustomBody {
	b := CustomBody{ContentType: contentType}
	start := 0
	for i := 0; i < len(template); {
		if template[i] != '$' {
			i++
			continue
		}
		name, size := variableAt(template[i:])
		variable, ok := gatewayVariable(name)
		if !ok {
			i++ // a dollar that means nothing stands for itself
			continue
		}
		b.literals = append(b.literals, template[start:i])
		b.variables = append(b.variables, variable)
		i += size
		start = i
	}
	b.literals = append(b.literals, template[start:])
	return b
}

// variableAt reads the variable at the beginning of s, and how much of s it is.
func variableAt(s string) (name string, size int) {
	braced := strings.HasPrefix(s, "${")
	start := 1
	if braced {
		start = 2
	}
	end := start
	for end < len(s) && isNameByte(s[end]) {
		end++
	}
	if braced {
		if end == len(s) || s[end] != '}' {
			return "", 0
		}
		return s[start:end], end + 1
	}
	name = strings.TrimRight(s[start:end], ".-")
	return name, start + len(name)
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
}

// Fill puts values into the variables' places.
func (b *CustomBody) Fill(value func(Parameter) string) []byte {
	var body []byte
	for i, v := range b.variables {
		body = append(body, b.literals[i]...)
		body = append(body, value(v)...)
	}
	return append(body, b.literals[len(b.variables)]...)
}

// GatewayResponse returns the API's own version of a gateway response, nil if
// it has none.
//
// AWS: a type that is not customised is of DEFAULT_4XX or DEFAULT_5XX, whose
// status, if it has one, is then that of all of them ("Gateway response types").
func (p *Plan) GatewayResponse(kind string, status int) *CustomResponse {
	if r, ok := p.responses[kind]; ok {
		return r
	}
	if status >= http.StatusInternalServerError {
		return p.responses["DEFAULT_5XX"]
	}
	return p.responses["DEFAULT_4XX"]
}

// Explain makes a CustomResponse the detail of a journey's step.
func (r *CustomResponse) Explain() (what, mend string) {
	what = "the API's own gateway response " + r.Type + " was sent"
	if len(r.Ignored) == 0 {
		return what, ""
	}
	return what + ", but for what cannot be used: " + strings.Join(r.Ignored, "; "), "correct it and deploy the API again"
}
