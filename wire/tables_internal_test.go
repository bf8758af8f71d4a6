package wire

import (
	"slices"
	"testing"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/api/sts"
)

var tables = []*api.Service{
	&lambda.Service, &apigateway.Service, &cloudformation.Service, &iam.Service, &sts.Service, &s3.Service, &logs.Service,
}

// A pattern that Go cannot match would let every value through: translate it in
// pattern.go.
func TestEveryPatternIsTranslated(t *testing.T) {
	for _, s := range tables {
		for i := range s.Shapes {
			if p := s.Shapes[i].Pattern; p != "" {
				if _, err := compilePattern(p); err != nil {
					t.Errorf("%s: %s: %v", s.Name, s.Shapes[i].Name, err)
				}
			}
		}
	}
}

func TestTranslatedPatterns(t *testing.T) {
	for _, test := range []struct{ java, yes, no string }{
		{`(?!^[0-9]+$)([a-zA-Z0-9-_]+)`, "v1", "1"},
		{`((?!^\d+$)^[0-9a-zA-Z-_]+$)`, "live", "12"},
		{`(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)`, "systems", "system.x"},
		{`[0-9A-Za-z\.\-_]*(?<!\.)`, "a.b", "a."},
		{`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`, "a-b", "a--b"},
		{`(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]{1,64})(:((?!\d+$)[0-9a-zA-Z-_]+))?`, "f:live", "f:12"},
		{`[\u0009\u000A\u000D\u0020-\u00FF]+`, "t\u00e9xt\n", "\u0101"},
		{`a|b`, "a", "ab"},
	} {
		p, err := compilePattern(test.java)
		if err != nil || !p.matches(test.yes) || p.matches(test.no) {
			t.Errorf("%s: err %v; %q %v, %q %v", test.java, err, test.yes, p.matches(test.yes), test.no, p.matches(test.no))
		}
	}
}

// What deviations.go says must be of something: models change.
func TestDeviationsNameWhatIs(t *testing.T) {
	for _, s := range tables {
		q := quirksOf(s)
		shapes := map[string]*api.Shape{}
		members := map[string]bool{}
		for i := range s.Shapes {
			shapes[s.Shapes[i].Name] = &s.Shapes[i]
			for _, m := range s.Shapes[i].Members {
				members[s.Shapes[i].Name+"."+m.Name] = true
			}
		}
		for name, order := range q.enumOrder {
			sh := shapes[name]
			if sh == nil {
				t.Errorf("%s: enumOrder: no shape %s", s.Name, name)
				continue
			}
			for _, value := range order {
				if !slices.Contains(sh.Enum, value) {
					t.Errorf("%s: enumOrder: %s has no value %s", s.Name, name, value)
				}
			}
		}
		for name := range q.unchecked {
			if !members[name] {
				t.Errorf("%s: unchecked: no member %s", s.Name, name)
			}
		}
		for _, set := range []map[string]bool{q.sparseNull, q.plainElements} {
			for name := range set {
				if shapes[name] == nil {
					t.Errorf("%s: no shape %s", s.Name, name)
				}
			}
		}
		for name := range q.roots {
			if shapes[name] == nil {
				t.Errorf("%s: roots: no shape %s", s.Name, name)
			}
		}
		for name := range q.patterns {
			if shapes[name] == nil || shapes[name].Pattern != "" {
				t.Errorf("%s: patterns: no shape %s without one", s.Name, name)
			}
		}
		for _, set := range []map[string]bool{q.superseded} {
			for name := range set {
				if s.Operation(name) == nil {
					t.Errorf("%s: no operation %s", s.Name, name)
				}
			}
		}
		for name := range q.limits {
			if s.Operation(name) == nil {
				t.Errorf("%s: limits: no operation %s", s.Name, name)
			}
		}
		for name := range q.limitNames {
			if q.limits[name] == 0 {
				t.Errorf("%s: limitNames: %s has no limit", s.Name, name)
			}
		}
	}
}
