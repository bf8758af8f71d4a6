package policy

import "testing"

func TestConditions(t *testing.T) {
	for _, test := range []struct {
		operator, wanted string
		have             []string // nil: the key is absent
		want             bool
	}{
		{"StringEquals", `"a"`, []string{"a"}, true},
		{"StringEquals", `"a"`, []string{"A"}, false},
		{"StringEquals", `["a","b"]`, []string{"b"}, true},
		{"StringEquals", `"a*"`, []string{"ab"}, false},
		{"StringEquals", `"a"`, nil, false},
		{"StringEqualsIfExists", `"a"`, nil, true},
		{"StringEqualsIfExists", `"a"`, []string{"b"}, false},
		{"StringNotEquals", `["a","b"]`, []string{"b"}, false},
		{"StringNotEquals", `["a","b"]`, []string{"c"}, true},
		{"StringNotEquals", `"a"`, nil, true},
		{"StringEqualsIgnoreCase", `"a"`, []string{"A"}, true},
		{"StringNotEqualsIgnoreCase", `"a"`, []string{"A"}, false},
		{"StringLike", `"home/*/?"`, []string{"home/x/y/z"}, true},
		{"StringLike", `"home/*/?"`, []string{"home/x/yz"}, false},
		{"StringNotLike", `"a*"`, []string{"ab"}, false},
		{"stringlike", `"a*"`, []string{"ab"}, true}, // operators are named without regard to case

		{"NumericEquals", `10`, []string{"10.0"}, true},
		{"NumericEquals", `"10"`, []string{"ten"}, false},
		{"NumericNotEquals", `10`, []string{"11"}, true},
		{"NumericLessThan", `10`, []string{"9.5"}, true},
		{"NumericLessThan", `10`, []string{"10"}, false},
		{"NumericLessThanEquals", `10`, []string{"10"}, true},
		{"NumericGreaterThan", `10`, []string{"10"}, false},
		{"NumericGreaterThanEquals", `10`, []string{"10"}, true},

		{"DateEquals", `"2026-01-02T03:04:05Z"`, []string{"2026-01-02T04:04:05+01:00"}, true},
		{"DateNotEquals", `"2026-01-02"`, []string{"2026-01-02T00:00:00Z"}, false},
		{"DateLessThan", `"2026-01-02"`, []string{"2026-01-01T23:59:59.999Z"}, true},
		{"DateLessThanEquals", `"1767312000"`, []string{"2026-01-02T00:00:00Z"}, true},
		{"DateGreaterThan", `"2026-01-02"`, []string{"2026-01-02T00:00:00Z"}, false},
		{"DateGreaterThanEquals", `"2026-01-02"`, []string{"2026-01-02T00:00:00Z"}, true},

		{"Bool", `true`, []string{"true"}, true},
		{"Bool", `"True"`, []string{"true"}, true},
		{"Bool", `"true"`, []string{"false"}, false},
		{"Bool", `"true"`, nil, false},
		{"BoolIfExists", `"true"`, nil, true},
		{"BinaryEquals", `"QmluYXJ5"`, []string{"QmluYXJ5"}, true},
		{"BinaryEquals", `"QmluYXJ5"`, []string{"QmluYXJ6"}, false},

		{"IpAddress", `"203.0.113.0/24"`, []string{"203.0.113.9"}, true},
		{"IpAddress", `"203.0.113.0/24"`, []string{"::ffff:203.0.113.9"}, true},
		{"IpAddress", `"203.0.113.7"`, []string{"203.0.113.9"}, false},
		{"IpAddress", `["10.0.0.0/8","2001:db8::/32"]`, []string{"2001:db8::1"}, true},
		{"IpAddress", `"0.0.0.0/0"`, []string{"not an address"}, false},
		{"NotIpAddress", `"203.0.113.0/24"`, []string{"198.51.100.1"}, true},
		{"NotIpAddress", `"203.0.113.0/24"`, nil, true},

		{"ArnLike", `"arn:aws:sns:*:111122223333:*"`, []string{"arn:aws:sns:eu-west-1:111122223333:topic"}, true},
		{"ArnEquals", `"arn:aws:sns:*:111122223333:top?c"`, []string{"arn:aws:sns:eu-west-1:111122223333:topic"}, true},
		// A wildcard does not reach beyond its part: otherwise the name of a
		// stranger's topic could carry the account that is asked for.
		{"ArnLike", `"arn:aws:sns:*:111122223333:x"`, []string{"arn:aws:sns:eu-west-1:444455556666:111122223333:x"}, false},
		{"ArnLike", `"arn:aws:s3:::b*"`, []string{"arn:aws:s3:::bucket/a:b:c"}, true},
		{"ArnLike", `"arn:aws:sns:*"`, []string{"arn:aws:sns:eu-west-1:111122223333:topic"}, false},
		{"ArnLike", `"*"`, []string{"arn:aws:sns:eu-west-1:111122223333:topic"}, false},
		{"ArnLike", `"arn:aws:iam::*:role/${aws:PrincipalTag/team}-*"`, []string{"arn:aws:iam::111122223333:role/blue-1"}, true},
		{"ArnNotLike", `"arn:aws:sns:*:111122223333:*"`, []string{"arn:aws:sns:eu-west-1:444455556666:topic"}, true},
		{"ArnNotEquals", `"arn:aws:sns:*:111122223333:*"`, nil, true},
		{"ArnLikeIfExists", `"arn:aws:sns:*:111122223333:*"`, nil, true},

		{"Null", `"true"`, nil, true},
		{"Null", `true`, []string{"a"}, false},
		{"Null", `"false"`, []string{"a"}, true},
		{"Null", `"false"`, nil, false},

		{"ForAllValues:StringEquals", `["a","b"]`, []string{"a", "b"}, true},
		{"ForAllValues:StringEquals", `["a","b"]`, []string{"a", "c"}, false},
		{"ForAllValues:StringEquals", `["a","b"]`, nil, true},
		{"ForAllValues:StringNotEquals", `["a","b"]`, []string{"c", "d"}, true},
		{"ForAllValues:StringNotEquals", `["a","b"]`, []string{"c", "a"}, false},
		{"ForAnyValue:StringEquals", `["a","b"]`, []string{"c", "a"}, true},
		{"ForAnyValue:StringEquals", `["a","b"]`, []string{"c"}, false},
		{"ForAnyValue:StringEquals", `["a","b"]`, nil, false},
		{"ForAnyValue:StringNotEquals", `["a","b"]`, []string{"a", "c"}, true},
		{"ForAnyValue:StringNotEquals", `["a","b"]`, []string{"a", "b"}, false},
		{"ForAnyValue:StringLikeIfExists", `["a*"]`, nil, true},
	} {
		t.Run(test.operator+" "+test.wanted, func(t *testing.T) {
			doc := parse(t, Identity, statements(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"`+test.operator+`":{"some:Key":`+test.wanted+`}}}`))
			r := Request{Subject: worker, Action: "a:b", Resource: "arn:aws:a:::b"}
			if test.have != nil {
				r.Context = Context{"SOME:key": test.have}
			}
			d := Evaluate(r, Source{Identity, "it", doc})
			if d.Allowed() != test.want {
				what, _ := d.Explain()
				t.Errorf("with %q it holds: %v; %s", test.have, d.Allowed(), what)
			}
		})
	}
}

func TestAllOperatorsAndKeysMustHold(t *testing.T) {
	doc := parse(t, Identity, statements(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
		"StringEquals":{"x:a":"1","x:b":"2"},"Bool":{"x:c":true}}}`))
	for _, test := range []struct {
		context Context
		want    Outcome
		because string
	}{
		{Context{"x:a": {"1"}, "x:b": {"2"}, "x:c": {"true"}}, Allowed, ""},
		{Context{"x:a": {"1"}, "x:b": {"3"}, "x:c": {"true"}}, ImplicitDeny, `StringEquals x:b "2"; the request has "3"`},
		{Context{"x:a": {"1"}, "x:b": {"2"}}, ImplicitDeny, "Bool x:c"},
	} {
		d := Evaluate(Request{Subject: worker, Action: "a:b", Resource: "r", Context: test.context}, Source{Identity, "it", doc})
		check(t, d, test.want, test.because)
	}
}

// An operator that reading would have refused neither opens a door nor takes
// the lock off one.
func TestAnUnknownOperatorIsOnTheSafeSide(t *testing.T) {
	s := Statement{Action: []string{"*"}, Resource: []string{"*"}, Condition: Condition{"StringResembles": {"x:a": {"1"}}}}
	allow, deny := s, s
	allow.Effect, deny.Effect = Allow, Deny
	all := Statement{Effect: Allow, Action: []string{"*"}, Resource: []string{"*"}}
	r := Request{Subject: worker, Action: "a:b", Resource: "r"}
	d := Evaluate(r, Source{Identity, "it", &Document{Statement: []Statement{allow}}})
	check(t, d, ImplicitDeny, "")
	d = Evaluate(r, Source{Identity, "it", &Document{Statement: []Statement{all, deny}}})
	check(t, d, ExplicitDeny, "")
}
