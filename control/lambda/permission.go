package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
)

// maxPolicy is the most that a function's resource policy may measure, in bytes
// of its JSON.
const maxPolicy = 20 << 10

// AddPermission adds a statement to the resource policy of a function, a
// version or an alias.
func (s *Service) AddPermission(ctx context.Context, in *lambda.AddPermissionRequest) (*lambda.AddPermissionResponse, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(in.FunctionName), in.Qualifier)
	if err != nil {
		return nil, err
	}
	if ref.Qualifier == execution.Latest {
		return nil, invalid("We currently do not support adding policies for $LATEST.")
	}
	if in.FunctionUrlAuthType != nil && aws.Value(in.Action) != "lambda:InvokeFunctionUrl" {
		// AWS: the words that users report.
		return nil, invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
	}
	principal, err := parsePrincipal(aws.Value(in.Principal))
	if err != nil {
		return nil, err
	}
	statement := policy.Statement{
		Sid:       aws.Value(in.StatementId),
		Effect:    policy.Allow,
		Principal: principal,
		Action:    []string{aws.Value(in.Action)},
		Resource:  []string{ref.ARN()},
		Condition: permissionCondition(in),
	}
	bare := ref
	bare.Qualifier = ""
	_, err = s.update(ctx, bare, func(f *execution.Function) error {
		if err := checkQualifier(f, ref); err != nil {
			return err
		}
		p := f.Policies[ref.Qualifier]
		if err := checkRevision(in.RevisionId, policyRevision(f, ref.Qualifier), "GetPolicy"); err != nil {
			return err
		}
		for _, other := range p.Document.Statement {
			if other.Sid == statement.Sid {
				return conflict("The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", statement.Sid)
			}
		}
		p.Document.Version, p.Document.ID = "2012-10-17", "default"
		p.Document.Statement = append(slices.Clip(p.Document.Statement), statement)
		if err := checkPolicySize(p.Document); err != nil {
			return err
		}
		setPolicy(f, ref.Qualifier, p)
		return nil
	})
	if err != nil {
		return nil, renamed(err, ref)
	}
	b, err := json.Marshal(statement)
	if err != nil {
		return nil, fmt.Errorf("render statement: %w", err)
	}
	return &lambda.AddPermissionResponse{Statement: new(string(b))}, nil
}

func checkPolicySize(d policy.Document) error {
	b, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("measure resource policy: %w", err)
	}
	if len(b) > maxPolicy {
		return userFault(400, "PolicyLengthExceededException", "The final policy size (%d) is bigger than the limit (%d).", len(b), maxPolicy)
	}
	return nil
}

// without returns a policy's statements but one.
func without(statements []policy.Statement, sid string) ([]policy.Statement, error) {
	i := slices.IndexFunc(statements, func(st policy.Statement) bool { return st.Sid == sid })
	if i < 0 {
		return nil, userFault(404, "ResourceNotFoundException", "Statement %s is not found in resource policy.", sid)
	}
	return slices.Delete(slices.Clone(statements), i, i+1), nil
}

func noPolicy() error {
	return userFault(404, "ResourceNotFoundException", "No policy is associated with the given resource.")
}

// permissionCondition makes the condition that AddPermission's parameters
// stand for.
func permissionCondition(in *lambda.AddPermissionRequest) policy.Condition {
	c := policy.Condition{}
	add := func(operator, key string, v *string) {
		if v == nil {
			return
		}
		if c[operator] == nil {
			c[operator] = map[string][]string{}
		}
		c[operator][key] = []string{*v}
	}
	add("StringEquals", "AWS:SourceAccount", in.SourceAccount)
	add("StringEquals", "lambda:EventSourceToken", in.EventSourceToken)
	add("StringEquals", "lambda:FunctionUrlAuthType", in.FunctionUrlAuthType)
	add("StringEquals", "aws:PrincipalOrgID", in.PrincipalOrgID)
	add("ArnLike", "AWS:SourceArn", in.SourceArn)
	if in.InvokedViaFunctionUrl != nil {
		add("Bool", "lambda:InvokedViaFunctionUrl", new(strconv.FormatBool(*in.InvokedViaFunctionUrl)))
	}
	if len(c) == 0 {
		return nil
	}
	return c
}

// parsePrincipal reads AddPermission's Principal: everyone, an account, an ARN
// or a service.
func parsePrincipal(s string) (*policy.Principal, error) {
	switch {
	case s == "*":
		return &policy.Principal{Everyone: true}, nil
	case isAccount(s):
		return awsPrincipal(aws.NewARN("iam", "", s, "root").String()), nil
	case strings.HasPrefix(s, "arn:"):
		if _, err := aws.ParseARN(s); err == nil {
			return awsPrincipal(s), nil
		}
	case strings.HasSuffix(s, ".amazonaws.com") || strings.HasSuffix(s, ".amazon.com"):
		return &policy.Principal{Kinds: map[string][]string{"Service": {s}}}, nil
	}
	return nil, invalid("The provided principal was invalid. Please check the principal and try again.")
}

func awsPrincipal(arn string) *policy.Principal {
	return &policy.Principal{Kinds: map[string][]string{"AWS": {arn}}}
}

// checkQualifier reports a version or alias that a function lacks.
//
// AWS: what could be an alias is missed as an alias, the rest as a function.
func checkQualifier(f *execution.Function, ref execution.FunctionRef) error {
	q := ref.Qualifier
	if q == "" {
		return nil
	}
	if _, ok := f.Versions[q]; ok {
		return nil
	}
	if _, ok := f.Aliases[q]; ok {
		return nil
	}
	if isVersion(q) || strings.Contains(q, "$") {
		return notFound(ref)
	}
	return noAlias(ref, q)
}

// policyRevision returns the revision that a change of a resource policy must
// name: AWS counts policy and configuration as one where there is no policy yet.
func policyRevision(f *execution.Function, qualifier string) string {
	if p, ok := f.Policies[qualifier]; ok {
		return p.RevisionID
	}
	if a, ok := f.Aliases[qualifier]; ok {
		return a.RevisionID
	}
	if v, ok := f.Versions[qualifier]; ok {
		return v.RevisionID
	}
	return f.Latest.RevisionID
}

// setPolicy stores a resource policy under a new revision, or removes it once
// its last statement is gone.
func setPolicy(f *execution.Function, qualifier string, p execution.ResourcePolicy) {
	f.Policies = maps.Clone(f.Policies)
	if len(p.Document.Statement) == 0 {
		delete(f.Policies, qualifier)
		return
	}
	if f.Policies == nil {
		f.Policies = map[string]execution.ResourcePolicy{}
	}
	p.RevisionID = aws.NewUUID()
	f.Policies[qualifier] = p
}

// RemovePermission takes a statement out of a resource policy.
func (s *Service) RemovePermission(ctx context.Context, in *lambda.RemovePermissionRequest) (*lambda.RemovePermissionOutput, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(in.FunctionName), in.Qualifier)
	if err != nil {
		return nil, err
	}
	bare := ref
	bare.Qualifier = ""
	_, err = s.update(ctx, bare, func(f *execution.Function) error {
		if err := checkQualifier(f, ref); err != nil {
			return err
		}
		p, ok := f.Policies[ref.Qualifier]
		if !ok {
			return noPolicy()
		}
		if err := checkRevision(in.RevisionId, p.RevisionID, "GetPolicy"); err != nil {
			return err
		}
		left, err := without(p.Document.Statement, aws.Value(in.StatementId))
		if err != nil {
			return err
		}
		p.Document.Statement = left
		setPolicy(f, ref.Qualifier, p)
		return nil
	})
	if f := aws.AsFault(err); f != nil && f.Message == notFound(bare).Message {
		return nil, userFault(404, "ResourceNotFoundException", "No policy found for: %s", ref.ARN())
	}
	if err != nil {
		return nil, err
	}
	return &lambda.RemovePermissionOutput{}, nil
}

// GetPolicy shows a resource policy.
func (s *Service) GetPolicy(ctx context.Context, in *lambda.GetPolicyRequest) (*lambda.GetPolicyResponse, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(in.FunctionName), in.Qualifier)
	if err != nil {
		return nil, err
	}
	// AWS: that the function is missing is said in the same words (recorded:
	// test_permission_exceptions).
	f, err := s.load(ref)
	if aws.HasCode(err, "ResourceNotFoundException") {
		return nil, noResource()
	}
	if err != nil {
		return nil, err
	}
	p, ok := f.Policies[ref.Qualifier]
	if !ok {
		return nil, noResource()
	}
	b, err := json.Marshal(p.Document)
	if err != nil {
		return nil, fmt.Errorf("render resource policy: %w", err)
	}
	return &lambda.GetPolicyResponse{Policy: new(string(b)), RevisionId: new(p.RevisionID)}, nil
}
