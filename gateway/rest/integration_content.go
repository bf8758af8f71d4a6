package rest

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/lamgate/lamgate/gateway/jsontext"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

// convertRequest makes the integration's body of the method's.
//
// AWS: "Content type conversions in API Gateway": a body whose Content-Type is
// a binary media type of the API is binary, any other is text. Text that is to
// be binary is decoded as base64, binary that is to be text becomes base64.
func (c *call) convertRequest(handling string) *gatewayResponse {
	c.outgoing.body = c.body
	if len(c.body) == 0 {
		return nil
	}
	if c.hasBinaryBody() {
		if handling == plan.ConvertToText {
			c.outgoing.body = base64.StdEncoding.AppendEncode(nil, c.body)
		}
		return nil
	}
	if handling != plan.ConvertToBinary {
		c.outgoing.body = validText(c.body)
		return nil
	}
	decoded, err := decodeBase64(c.body)
	if err != nil {
		return c.refuse(stepIntegrationRequest, telemetry.Failed, advice{
			"the integration converts text to binary, but the body is not base64: " + err.Error(),
			"send base64, or add the request's Content-Type to the API's binaryMediaTypes"}, internalServerError())
	}
	c.outgoing.body = decoded
	return nil
}

// convertResponse makes the method's body of the integration's.
//
// AWS: the same page: the answer's Content-Type tells whether it is binary, and
// the caller's Accept what it is to become, unless the integration response
// says so.
func (c *call) convertResponse(body []byte, handling string) ([]byte, *gatewayResponse) {
	if len(body) == 0 {
		return body, nil
	}
	types := c.target.frame.binary
	contentType, _ := c.received.header("Content-Type")
	if handling != plan.ConvertToText && handling != plan.ConvertToBinary {
		handling = plan.ConvertToText
		if isBinary(types, c.request.Header.Get("Accept")) {
			handling = plan.ConvertToBinary
		}
	}
	binary := isBinary(types, contentType)
	switch {
	case binary && handling == plan.ConvertToText:
		return base64.StdEncoding.AppendEncode(nil, body), nil
	case binary:
		return body, nil
	case handling == plan.ConvertToText:
		return validText(body), nil
	}
	decoded, err := decodeBase64(body)
	if err != nil {
		return nil, c.refuse(stepIntegrationResponse, telemetry.Failed, advice{
			"the response is to become binary, but it is not base64: " + err.Error(),
			"answer base64, add the answer's Content-Type to the API's binaryMediaTypes, or set the integration response's contentHandling to CONVERT_TO_TEXT"}, internalServerError())
	}
	return decoded, nil
}

func decodeBase64(text []byte) ([]byte, error) {
	text = bytes.TrimSpace(text)
	return base64.StdEncoding.AppendDecode(make([]byte, 0, base64.StdEncoding.DecodedLen(len(text))), text)
}

// validText returns a text with U+FFFD for what is not UTF-8, as functions see
// it.
func validText(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	valid := make([]byte, 0, len(text)+64)
	for i := 0; i < len(text); {
		size, ok := jsontext.Character(text[i:])
		if text[i] < utf8.RuneSelf {
			size, ok = 1, true
		}
		if ok {
			valid = append(valid, text[i:i+size]...)
		} else {
			valid = append(valid, "\ufffd"...)
		}
		i += size
	}
	return valid
}
