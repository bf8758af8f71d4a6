package sts

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/sts"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/wire"
)

// An Issuer issues temporary credentials; *wire.Credentials is one.
type Issuer interface {
	Issue(wire.Session) wire.Issued
}

// A Service is STS.
type Service struct {
	roles  *policy.Roles
	issuer Issuer
	clock  aws.Clock
	log    *slog.Logger
}

// New returns a Service that asks roles who may assume them.
func New(roles *policy.Roles, issuer Issuer, clock aws.Clock, log *slog.Logger) *Service {
	return &Service{roles: roles, issuer: issuer, clock: clock, log: log}
}

// GetCallerIdentity tells the caller who they are.
func (s *Service) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityRequest) (*sts.GetCallerIdentityResponse, error) {
	caller := aws.CallerFrom(ctx)
	return &sts.GetCallerIdentityResponse{UserId: &caller.UserID, Account: &caller.Account, Arn: &caller.ARN}, nil
}

// What sessions may last.
const (
	presetSession  = time.Hour
	chainedSession = time.Hour // of a role that a role's session assumes
	rootSession    = time.Hour // of GetSessionToken for an account's root
)

// AssumeRole issues credentials for a session of a role, if the role's trust
// policy allows it to the caller.
func (s *Service) AssumeRole(ctx context.Context, in *sts.AssumeRoleRequest) (*sts.AssumeRoleResponse, error) {
	if err := refuse(in); err != nil {
		return nil, err
	}
	caller := aws.CallerFrom(ctx)
	subject := s.roles.Subject(caller)
	conditions := policy.Context{
		"sts:RoleSessionName": {*in.RoleSessionName},
		"aws:RequestedRegion": {caller.Region},
	}
	if in.ExternalId != nil {
		conditions["sts:ExternalId"] = []string{*in.ExternalId}
	}
	decision := s.roles.AuthorizeAssume(*in.RoleArn, subject, conditions)
	role, ok := s.roles.Role(*in.RoleArn)
	if !decision.Allowed() || !ok {
		// AWS does not tell a caller why, nor whether there is such a role.
		what, mend := decision.Explain()
		s.log.Info("sts: a role may not be assumed", "reason", what, "mend", mend)
		return nil, aws.Faultf(http.StatusForbidden, "AccessDenied",
			"User: %s is not authorized to perform: sts:AssumeRole on resource: %s", caller.ARN, *in.RoleArn)
	}
	lasting := presetSession
	if in.DurationSeconds != nil {
		lasting = time.Duration(*in.DurationSeconds) * time.Second
	}
	if lasting > time.Duration(role.MaxSession)*time.Second {
		return nil, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	if subject.RoleARN != "" && lasting > chainedSession {
		return nil, invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	issued := s.issuer.Issue(wire.Session{
		Account: role.Account,
		RoleARN: role.ARN,
		RoleID:  role.ID,
		Name:    *in.RoleSessionName,
		Expiry:  s.clock.Now().Add(lasting),
	})
	return &sts.AssumeRoleResponse{
		Credentials: credentials(issued),
		AssumedRoleUser: &sts.AssumedRoleUser{
			AssumedRoleId: new(role.ID + ":" + *in.RoleSessionName),
			Arn:           new(aws.NewARN("sts", "", role.Account, "assumed-role/"+role.Name+"/"+*in.RoleSessionName).String()),
		},
	}, nil
}

// refuse names what a request asks for that would not be kept to: all of it
// limits or describes a session, so ignoring it would give more than was asked.
func refuse(in *sts.AssumeRoleRequest) error {
	for _, part := range [...]struct {
		name  string
		given bool
	}{
		{"Policy", in.Policy != nil},
		{"PolicyArns", len(in.PolicyArns) > 0},
		{"Tags", len(in.Tags) > 0},
		{"TransitiveTagKeys", len(in.TransitiveTagKeys) > 0},
		{"SourceIdentity", in.SourceIdentity != nil},
		{"ProvidedContexts", len(in.ProvidedContexts) > 0},
		{"SerialNumber", in.SerialNumber != nil},
		{"TokenCode", in.TokenCode != nil},
	} {
		if part.given {
			return notImplemented("AssumeRole with " + part.name)
		}
	}
	return nil
}

// GetSessionToken issues credentials for a session of the caller's account.
//
// AWS: sessions of an account's root last an hour, whatever is asked for, and
// sessions cannot begin sessions ("GetSessionToken").
func (s *Service) GetSessionToken(ctx context.Context, in *sts.GetSessionTokenRequest) (*sts.GetSessionTokenResponse, error) {
	if in.SerialNumber != nil || in.TokenCode != nil {
		return nil, notImplemented("GetSessionToken with a second factor")
	}
	caller := aws.CallerFrom(ctx)
	if caller.RoleARN != "" || strings.HasPrefix(caller.AccessKeyID, "ASIA") {
		return nil, aws.Faultf(http.StatusForbidden, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	}
	lasting := rootSession
	if in.DurationSeconds != nil {
		lasting = min(lasting, time.Duration(*in.DurationSeconds)*time.Second)
	}
	issued := s.issuer.Issue(wire.Session{Account: caller.Account, Expiry: s.clock.Now().Add(lasting)})
	return &sts.GetSessionTokenResponse{Credentials: credentials(issued)}, nil
}

func credentials(i wire.Issued) *sts.Credentials {
	return &sts.Credentials{
		AccessKeyId:     &i.AccessKeyID,
		SecretAccessKey: &i.SecretAccessKey,
		SessionToken:    &i.SessionToken,
		Expiration:      &i.Expiration,
	}
}

func invalid(message string) *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "ValidationError", "%s", message)
}

func notImplemented(what string) *aws.Fault {
	return aws.Faultf(http.StatusNotImplemented, "NotImplemented", "lamgate does not implement %s yet", what)
}
