// Package vtl executes the mapping templates of API Gateway's REST APIs: Apache
// Velocity's language as API Gateway has it, with $input, $context,
// $stageVariables and $util.
//
// API Gateway runs Velocity 1.7 with one peculiarity, which all recordings of
// its answers fit: where Velocity would have an invalid reference, there is the
// empty string. So $undefined prints nothing, equals "" and is true as a
// condition. The rest is Velocity to the letter, with its blanks, its escapes and
// its oddities; thousands of random templates were compared with the original.
//
// A template is parsed once, at the deployment, into a tree with a slot for each
// variable, and executed for each request by a small machine:
//
//	template.go          Parse, Append, Static
//	environment.go       what an execution meets, and the overrides it leaves
//	error.go             an error with its place
//
//	token.go, lexer.go,  characters to tokens: Velocity's lexical states, which
//	match*.go            are where most of its oddities come from
//	parser*.go           tokens to the tree, by Velocity's grammar
//	node.go              what the tree consists of; variables
//
//	machine.go           one execution: its output, its variables, its limits
//	reference.go         $a.b[0].c(), read and printed; part.go has its steps,
//	                     assign.go sets it
//	expression.go, arithmetic.go, decimal.go
//	directive.go         #set #if #break #stop #define #evaluate
//	foreach.go, macro.go
//
//	input.go, context.go, util.go             the variables of API Gateway
//	method.go, method_{string,list,map}.go    the methods of Java's types, and
//	method_static.go, format.go               those of their classes
//	pattern.go, utf16.go                      Java's regular expressions and strings
//
// Templates are hostile: source, output, steps, memory, depth and the time of
// regular expressions are bounded, and nothing of Java's innards (.class) is to
// be had. There is no I/O: #parse and #include fail.
//
// Known to differ: an array (split) prints as a list and not as its address;
// keys of maps are strings, so {1: 2} has the key "1"; keySet and values are
// copies; an integer is an Integer or a Long by its size alone; numbers of more
// than 64 bits have the operators and not the methods.
package vtl
