package rest

import (
	"maps"
)

// newCanary returns the canary of a stage: the stage once more, with another
// deployment and with variables of its own; nil if the stage has none.
func newCanary(s *stage) *stage {
	canary := s.Canary
	if canary == nil || canary.Deployment == "" {
		return nil
	}
	document := *s.Stage
	document.Deployment = canary.Deployment
	if len(canary.VariableOverrides) > 0 {
		document.Variables = maps.Clone(s.Variables)
		if document.Variables == nil {
			document.Variables = map[string]string{}
		}
		maps.Copy(document.Variables, canary.VariableOverrides)
	}
	c := newStage(s.api, &document)
	c.canaryOf = s
	c.access = newAccessLog(c) // now that it is known for a canary
	return c
}

// draw decides which of a stage's releases serves a request.
//
// AWS: each request is drawn by itself; no caller stays with a release.
func (g *Gateway) draw(s *stage) *stage {
	if s.canary == nil {
		return s
	}
	if percent := s.Canary.Percent; percent >= 100 || percent > 0 && g.random()*100 < percent {
		return s.canary
	}
	return s
}

// logGroup is the name of the group of a stage's execution logs.
//
// AWS: a canary has a group of its own; "Set up an API Gateway canary release
// deployment".
func (s *stage) logGroup() string {
	name := "API-Gateway-Execution-Logs_" + s.api.ID + "/" + s.Name
	if s.canaryOf != nil {
		name += "/Canary"
	}
	return name
}
