package policy

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDocumentsKeepTheirForm(t *testing.T) {
	for _, text := range []string{
		`{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"api","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:us-east-1:111122223333:function:f","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:us-east-1:111122223333:x/*"}}}]}`,
		`{"Version":"2008-10-17","Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":["111122223333","444455556666"]},"NotAction":["a:b","c:d"],"NotResource":["*"]}]}`,
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":[],"Resource":"<&>"}]}`,
	} {
		var d Document
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		got, err := d.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.ReplaceAll(text, `["*"]`, `"*"`) // a list of one is its element
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSingleValuesStandForLists(t *testing.T) {
	got := parse(t, Resource, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":["*"],"Condition":{"Bool":{"aws:SecureTransport":false},"NumericLessThan":{"s3:max-keys":[10,"20"]}}}}`)
	want := &Document{Version: Version2012, Statement: []Statement{{
		Effect:    Allow,
		Principal: &Principal{Kinds: map[string][]string{"AWS": {"111122223333"}}},
		Action:    []string{"s3:*"},
		Resource:  []string{"*"},
		Condition: Condition{"Bool": {"aws:SecureTransport": {"false"}}, "NumericLessThan": {"s3:max-keys": {"10", "20"}}},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMalformedPolicies(t *testing.T) {
	const good = `"Effect":"Allow","Action":"s3:*","Resource":"*"`
	for _, test := range []struct {
		name string
		kind Kind
		text string
		want string
	}{
		{"not JSON", Identity, "{\n  \"Version\" \"2012-10-17\"}", "This policy contains invalid Json (Version at line 2, column 13: "},
		{"cut off", Identity, `{"Statement":[`, "This policy contains invalid Json (Statement at line 1, column 15: it ends too early)"},
		{"two policies", Identity, `{} {}`, "This policy contains invalid Json"},
		{"a list", Identity, `[]`, "Syntax errors in policy. (at line 1, column 1: a policy is an object, not a list)"},
		{"nothing in it", Identity, `{"Version":"2012-10-17"}`, "a policy needs at least one statement"},
		{"a version that never was", Identity, `{"Version":"2012-10-18","Statement":[{` + good + `}]}`, "Version at line 1, column 12: the versions are"},
		{"an unknown element", Identity, `{"Statement":[{` + good + `},{"Resourc":"*",` + good + `}]}`, "Statement[2].Resourc at line 1, column 76: no such element: a statement has Sid"},
		{"an element twice", Identity, `{"Statement":[{` + good + `,"Effect":"Deny"}]}`, "Statement[1].Effect at line 1, column 64: the element is there twice"},
		{"no effect", Identity, `{"Statement":[{"Action":"s3:*","Resource":"*"}]}`, "Missing required field Effect"},
		{"an effect in lower case", Identity, `{"Statement":[{"Effect":"allow","Action":"s3:*","Resource":"*"}]}`, "Invalid effect: allow"},
		{"Action and NotAction", Identity, `{"Statement":[{` + good + `,"NotAction":"a:b"}]}`, "it has both Action and NotAction"},
		{"a number for an action", Identity, `{"Statement":[{"Effect":"Allow","Action":["s3:*",3],"Resource":"*"}]}`, "Statement[1].Action[2] at line 1, column 50: want a string, not a number or boolean"},
		{"an unknown operator", Identity, `{"Statement":[{` + good + `,"Condition":{"StringIs":{"a:b":"c"}}}]}`, "Condition.StringIs"},
		{"a quantifier on Null", Identity, `{"Statement":[{` + good + `,"Condition":{"ForAnyValue:Null":{"a:b":"true"}}}]}`, "no such condition operator"},
		{"a number that is none", Identity, `{"Statement":[{` + good + `,"Condition":{"NumericEquals":{"a:b":"c"}}}]}`, `the operator cannot compare with "c"`},
		{"a range that is none", Identity, `{"Statement":[{` + good + `,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}}}]}`, `the operator cannot compare with`},
		{"a Sid twice", Identity, `{"Statement":[{"Sid":"a",` + good + `},{"Sid":"a",` + good + `}]}`, "Statement IDs (SID) in a single policy must be unique."},
		{"a Sid with a space", Identity, `{"Statement":[{"Sid":"a b",` + good + `}]}`, "Statement IDs (SID) must be alpha-numeric."},
		{"a principal in a role's policy", Identity, `{"Statement":[{"Principal":"*",` + good + `}]}`, "Policy document should not specify a principal."},
		{"no actions", Identity, `{"Statement":[{"Effect":"Allow","Resource":"*"}]}`, "Policy statement must contain actions."},
		{"no resources", Identity, `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":[]}]}`, "Policy statement must contain resources."},
		{"an action without a service", Identity, `{"Statement":[{"Effect":"Allow","Action":"GetObject","Resource":"*"}]}`, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{"an action with two colons", Identity, `{"Statement":[{"Effect":"Allow","Action":"a:b:c","Resource":"*"}]}`, "Actions/Condition can contain only one colon."},
		{"a vendor with a space", Identity, `{"Statement":[{"Effect":"Allow","Action":"a b:c","Resource":"*"}]}`, "Vendor a b is not valid"},
		{"a resource that is no ARN", Identity, `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}]}`, `Resource bucket must be in ARN format or "*".`},
		{"another partition", Identity, `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:azure:s3:::b"}]}`, `Partition "azure" is not valid for resource "arn:azure:s3:::b".`},

		{"a resource in a trust policy", Trust, `{"Statement":[{"Principal":{"AWS":"*"},"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`, "Has prohibited field Resource"},
		{"nobody trusted", Trust, `{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}`, "Missing required field Principal"},
		{"trusted with more", Trust, `{"Statement":[{"Principal":{"AWS":"*"},"Effect":"Allow","Action":"*"}]}`, "AssumeRole policy may only specify STS AssumeRole actions."},
		{"a kind of principal that is none", Trust, `{"Statement":[{"Principal":{"Aws":"*"},"Effect":"Allow","Action":"sts:AssumeRole"}]}`, `Invalid principal in policy: "Aws"`},
		{"a principal with a wildcard", Trust, `{"Statement":[{"Principal":{"AWS":"arn:aws:iam::111122223333:role/*"},"Effect":"Allow","Action":"sts:AssumeRole"}]}`, `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/*"`},
		{"a service that is none", Trust, `{"Statement":[{"Principal":{"Service":"lambda"},"Effect":"Allow","Action":"sts:AssumeRole"}]}`, `Invalid principal in policy: "SERVICE":"lambda"`},
		{"a string for a principal", Resource, `{"Statement":[{"Principal":"111122223333",` + good + `}]}`, "Invalid principal in policy."},
		{"a resource's without principal", Resource, `{"Statement":[{` + good + `}]}`, "Missing required field Principal"},
		{"too deep", Identity, strings.Repeat("[", 10_000), "nested too deeply"},
		{"too long", Identity, strings.Repeat(" ", 200_000), "longer than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.kind, test.text)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v\nwant a mention of %s", err, test.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:*","Resource":["*"],"Condition":{"Bool":{"a:b":false}}}}`)
	f.Add(`{"Statement":[{"Effect":"Deny","NotPrincipal":"*","NotAction":[],"NotResource":"${a, 'b'}:::::"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var d Document
		if json.Unmarshal([]byte(text), &d) != nil {
			return
		}
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var again Document
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatalf("%v in %s", err, b)
		}
		if diff := cmp.Diff(d, again); diff != "" {
			t.Fatal(diff)
		}
		decision := d.Evaluate(Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b"})
		decision.Explain()
	})
}
