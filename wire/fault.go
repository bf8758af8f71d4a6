package wire

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/aws"
)

// writeFault answers with a fault, in the form of the service's protocol.
func (c *call) writeFault(fault *aws.Fault) {
	header := c.w.Header()
	header.Del("Content-Length") // of an output whose writing failed before it began
	header.Del("Content-Range")
	c.identifyResponse(header)
	sh := c.errorShape(fault.Code)
	code, status := fault.Code, fault.Status
	if sh != nil && sh.ErrorCode != "" {
		code = sh.ErrorCode
	}
	if status == 0 && sh != nil {
		status = sh.ErrorStatus
	}
	if status == 0 {
		status = http.StatusBadRequest
	}
	var body []byte
	switch protocol := c.faultProtocol(); {
	case status == http.StatusNotModified:
	case protocol == api.Query || protocol == api.RestXML:
		body = c.xmlFault(header, sh, code, status, fault)
	default:
		body = c.jsonFault(header, sh, code, status, fault)
	}
	_ = c.write(status, body) // the client has gone; there is nobody left to tell
}

// faultProtocol guesses the protocol of a request that no service claims.
func (c *call) faultProtocol() api.Protocol {
	switch {
	case c.service != nil:
		return c.service.Protocol
	case isForm(c.r) || c.message.query.Has("Action"):
		return api.Query
	case c.r.Header.Get("X-Amz-Target") != "":
		return api.JSON11
	}
	return api.RestJSON
}

// errorShape returns the modelled error with a code, or nil.
func (c *call) errorShape(code string) *api.Shape {
	if c.service == nil {
		return nil
	}
	for i := range c.service.Shapes {
		if sh := &c.service.Shapes[i]; sh.IsError && (sh.Name == code || sh.ErrorCode == code) {
			return sh
		}
	}
	return nil
}

func (c *call) jsonFault(header http.Header, sh *api.Shape, code string, status int, fault *aws.Fault) []byte {
	members := c.faultMembers(header, sh, status, fault)
	header.Set("Content-Type", "application/json")
	dst := []byte{'{'}
	if protocol := c.faultProtocol(); protocol == api.RestJSON {
		header.Set("X-Amzn-Errortype", code)
	} else {
		c.setFaultContentType(header, protocol)
		dst = appendQuoted(append(dst, `"__type":`...), code)
	}
	for _, m := range members {
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, m.name), ':')
		if m.bare {
			dst = append(dst, m.value...)
		} else {
			dst = appendQuoted(dst, m.value)
		}
	}
	return append(dst, '}')
}

func (c *call) setFaultContentType(header http.Header, protocol api.Protocol) {
	if protocol == api.JSON10 {
		header.Set("Content-Type", "application/x-amz-json-1.0")
		return
	}
	header.Set("Content-Type", "application/x-amz-json-1.1")
}

// A faultMember is a member of an error as it stands in its body.
type faultMember struct {
	name, value string
	bare        bool // a number or boolean
}

// faultMembers returns the members for the body, in the order of the model, and
// writes those that stand in headers.
func (c *call) faultMembers(header http.Header, sh *api.Shape, status int, fault *aws.Fault) []faultMember {
	values := make(map[string]string, len(fault.Members)+1)
	for name, value := range fault.Members {
		values[name] = value
	}
	var list []faultMember
	messageDone := false
	if sh != nil {
		for i := range sh.Members {
			m := &sh.Members[i]
			value, ok := values[m.WireName]
			delete(values, m.WireName)
			switch {
			case strings.EqualFold(m.Name, "message"):
				value, ok, messageDone = fault.Message, true, true
			case !ok && m.WireName == "Type" && c.service.errorType:
				value, ok = "User", true
				if status >= http.StatusInternalServerError {
					value = "Service"
				}
			}
			if !ok {
				continue
			}
			if m.Location == api.InHeader {
				header.Set(m.WireName, headerSafe(value))
				continue
			}
			list = append(list, faultMember{m.WireName, value, isBare(c.service.Shapes[m.Shape].Kind, value)})
		}
	}
	if !messageDone && (fault.Message != "" || c.faultProtocol() == api.RestJSON) {
		list = append(list, faultMember{name: "message", value: fault.Message})
	}
	for _, name := range sortedNames(values) {
		list = append(list, faultMember{name: name, value: values[name]})
	}
	return list
}

func isBare(kind api.Kind, value string) bool {
	switch kind {
	case api.Integer, api.Long, api.Float, api.Double:
		_, err := strconv.ParseFloat(value, 64)
		return err == nil
	case api.Boolean:
		return value == "true" || value == "false"
	}
	return false
}

func (c *call) xmlFault(header http.Header, sh *api.Shape, code string, status int, fault *aws.Fault) []byte {
	if c.r.Method == http.MethodHead {
		return nil
	}
	w := &xmlWriter{service: c.service}
	if c.service != nil && c.service.isS3() {
		header.Set("Content-Type", "application/xml")
		w.b = append(w.b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"...)
		w.open("Error")
		w.text("Code", code)
		w.text("Message", fault.Message)
		for _, name := range sortedNames(fault.Members) {
			w.text(name, fault.Members[name])
		}
		if fault.Members["Resource"] == "" {
			w.text("Resource", c.message.path)
		}
		w.text("RequestId", c.requestID)
		w.text("HostId", c.hostID())
		w.close("Error")
		return w.b
	}
	header.Set("Content-Type", "text/xml")
	namespace := ""
	if c.service != nil {
		namespace = c.service.XMLNamespace
	}
	w.openIn("ErrorResponse", namespace)
	w.open("Error")
	if status < http.StatusInternalServerError {
		w.text("Type", "Sender")
	} else {
		w.text("Type", "Receiver")
	}
	w.text("Code", code)
	w.text("Message", fault.Message)
	if c.service != nil {
		for _, m := range c.faultMembers(header, sh, status, fault) {
			if !strings.EqualFold(m.name, "message") {
				w.text(m.name, m.value)
			}
		}
	}
	w.close("Error")
	w.text("RequestId", c.requestID)
	w.close("ErrorResponse")
	return w.b
}
