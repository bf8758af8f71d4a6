package vtl

import "github.com/lamgate/lamgate/gateway/value"

// An Environment is what one execution of a template meets. The caller fills it
// and, after the execution, reads the overrides.
type Environment struct {
	Input          Input
	Context        Context // may be nil
	StageVariables map[string]string

	// RequestOverride and ResponseOverride are what templates set under
	// $context.requestOverride and $context.responseOverride; nil if nothing
	// was. Their form is that of the assignments:
	//
	//	#set($context.requestOverride.header.x = "1")       {header: {x: 1}}
	//	#set($context.responseOverride.status = 418)        {status: 418}
	//	#set($context.requestOverride.header.x = ["a","b"]) {header: {x: [a, b]}}
	//
	// The members of a request's are header, querystring and path; those of a
	// response's header and status. What a template reads there is what is
	// here, so the caller hands the maps of the request template on to the
	// environment of the response template. Values are any that a template can
	// make; value.Text has their text.
	RequestOverride, ResponseOverride *value.Map

	// Log hears of what prints nothing but may be a mistake: a method that does
	// not exist, a reference to nothing. Nil if nobody wants to know.
	Log func(line, column int, message string)
}

// Input is $input: the request to the integration in a request template, its
// response in a response template.
type Input struct {
	Body                []byte // UTF-8; what is not is read as U+FFFD
	Path, Query, Header []Parameter
}

// A Parameter is a parameter of the request, decoded. Of one that occurs more
// than once, the last stands for all: the caller need not fold them.
type Parameter struct{ Name, Value string }

// A Context is $context.
type Context interface {
	// Variable returns a variable by its name with dots, such as
	// identity.sourceIp. The name of a group (identity, authorizer.claims) gives
	// a *value.Map. The names of overrides are not asked for.
	Variable(name string) (value.Value, bool)
}
