package vtl

// kind is what a token is. The names are those of Velocity's grammar where they
// say enough.
type kind uint8

const (
	tokenEOF kind = iota

	// Of text.
	tokenText
	tokenEscape          // \
	tokenDoubleEscape    // \\
	tokenEscapeDirective // \#word, \\\#word
	tokenEmptyIndex      // $[ and $.
	tokenComment         // ## or the end of #* … *#
	tokenCommentEnd      // the end of the line of ##
	tokenTextBlock       // #[[ … ]]#
	tokenSet             // #set( with the blanks before it

	// Of directives and arguments.
	tokenWord
	tokenBracketedWord // {word}
	tokenEnd
	tokenIf
	tokenElseIf
	tokenElse
	tokenSpace
	tokenString
	tokenInteger
	tokenFloat
	tokenTrue
	tokenFalse
	tokenLeftBracket
	tokenRightBracket
	tokenLeftCurly
	tokenRightCurly
	tokenLeftParen
	tokenRightParen // of a directive, with the blanks and the line end after it
	tokenComma
	tokenColon
	tokenDoubleDot
	tokenPlus
	tokenMinus
	tokenMultiply
	tokenDivide
	tokenModulo
	tokenAnd
	tokenOr
	tokenLess
	tokenLessEqual
	tokenGreater
	tokenGreaterEqual
	tokenEqual
	tokenNotEqual
	tokenNot
	tokenAssign

	// Of references.
	tokenIdentifier
	tokenDot
	tokenReferenceOpen  // {
	tokenReferenceClose // }
	tokenIndexOpen      // [
	tokenIndexClose     // ]
	tokenArgumentsClose // )

	// No tokens: what the lexer does with a match.
	matchMore       // goes on, what was read becomes the head of the next token
	matchSkip       // forgets it
	matchTerminator // the reference or directive that began is none
)

// A token is a piece of a template.
type token struct {
	kind  kind
	start int // offset of the first character
	image string
	// special is text that belongs to no token: a $ or # that began nothing.
	// Only the text that follows prints it; before anything else it is lost, as
	// in Velocity.
	special string
}

func (t token) end() int { return t.start + len(t.image) }
