package lambda

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/state"
)

// signingPrefix is the prefix of code signing configurations' keys.
const signingPrefix = "code-signing-configs/"

// The policies for code whose signature does not hold.
const (
	enforce = "Enforce"
	warn    = "Warn"
)

// A signingConfig is the document of a code signing configuration. lamgate can
// keep it and hold to it: it verifies no signatures, so that all code counts as
// unsigned.
type signingConfig struct {
	Account, Region, ID string
	Description         string
	Profiles            []string // ARNs of the versions of signing profiles that are trusted
	Policy              string   // enforce or warn
	Modified            time.Time
	Tags                map[string]string `json:",omitempty"`
}

func (c *signingConfig) arn() string {
	return aws.NewARN("lambda", c.Region, c.Account, "code-signing-config:"+c.ID).String()
}

// signingKey returns the key of a configuration's document; an ARN of another
// account or region has none.
func signingKey(caller aws.Caller, arn string) (string, bool) {
	a, err := aws.ParseARN(arn)
	if err != nil || a.Account != caller.Account || a.Region != caller.Region {
		return "", false
	}
	id, ok := strings.CutPrefix(a.Resource, "code-signing-config:")
	return signingPrefix + a.Account + "/" + a.Region + "/" + id, ok
}

func noSigningConfig(arn string) *aws.Fault {
	return aws.Faultf(http.StatusNotFound, "ResourceNotFoundException", "The Lambda code signing configuration %s can not be found.", arn)
}

func (s *Service) loadSigning(ctx context.Context, arn *string) (*signingConfig, error) {
	key, ok := signingKey(aws.CallerFrom(ctx), aws.Value(arn))
	if !ok {
		return nil, noSigningConfig(aws.Value(arn))
	}
	c, err := state.Load[signingConfig](s.Documents, key)
	if errors.Is(err, state.ErrNotFound) {
		return nil, noSigningConfig(aws.Value(arn))
	}
	return c, err
}

// updateSigning changes a configuration's document.
func (s *Service) updateSigning(ctx context.Context, arn *string, change func(*signingConfig) error) (*signingConfig, error) {
	key, ok := signingKey(aws.CallerFrom(ctx), aws.Value(arn))
	if !ok {
		return nil, noSigningConfig(aws.Value(arn))
	}
	c, err := state.Update(ctx, s.Documents, key, change)
	if errors.Is(err, state.ErrNotFound) {
		return nil, noSigningConfig(aws.Value(arn))
	}
	return c, err
}

func (c *signingConfig) render() *lambda.CodeSigningConfig {
	return &lambda.CodeSigningConfig{
		CodeSigningConfigId: new(c.ID), CodeSigningConfigArn: new(c.arn()), Description: new(c.Description),
		AllowedPublishers:   &lambda.AllowedPublishers{SigningProfileVersionArns: c.Profiles},
		CodeSigningPolicies: &lambda.CodeSigningPolicies{UntrustedArtifactOnDeployment: new(c.Policy)},
		LastModified:        new(c.Modified.Format(timeFormat)),
	}
}

// CreateCodeSigningConfig makes a code signing configuration.
func (s *Service) CreateCodeSigningConfig(ctx context.Context, in *lambda.CreateCodeSigningConfigRequest) (*lambda.CreateCodeSigningConfigResponse, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	caller := aws.CallerFrom(ctx)
	c := &signingConfig{
		Account: caller.Account, Region: caller.Region, ID: newSigningID(), Description: aws.Value(in.Description),
		Profiles: aws.Value(in.AllowedPublishers).SigningProfileVersionArns, Policy: warn, Modified: s.Clock.Now().UTC(), Tags: in.Tags,
	}
	set(&c.Policy, aws.Value(in.CodeSigningPolicies).UntrustedArtifactOnDeployment)
	key, _ := signingKey(caller, c.arn())
	if err := state.Create(ctx, s.Documents, key, c); err != nil {
		return nil, err
	}
	return &lambda.CreateCodeSigningConfigResponse{CodeSigningConfig: c.render()}, nil
}

// newSigningID makes csc- and seventeen letters and digits.
func newSigningID() string {
	var b [11]byte
	rand.Read(b[:])
	return "csc-" + strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))[:17]
}

// UpdateCodeSigningConfig changes what it is given of a configuration.
func (s *Service) UpdateCodeSigningConfig(ctx context.Context, in *lambda.UpdateCodeSigningConfigRequest) (*lambda.UpdateCodeSigningConfigResponse, error) {
	c, err := s.updateSigning(ctx, in.CodeSigningConfigArn, func(c *signingConfig) error {
		set(&c.Description, in.Description)
		if in.AllowedPublishers != nil {
			c.Profiles = in.AllowedPublishers.SigningProfileVersionArns
		}
		set(&c.Policy, aws.Value(in.CodeSigningPolicies).UntrustedArtifactOnDeployment)
		c.Modified = s.Clock.Now().UTC()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.UpdateCodeSigningConfigResponse{CodeSigningConfig: c.render()}, nil
}

// GetCodeSigningConfig shows a configuration.
func (s *Service) GetCodeSigningConfig(ctx context.Context, in *lambda.GetCodeSigningConfigRequest) (*lambda.GetCodeSigningConfigResponse, error) {
	c, err := s.loadSigning(ctx, in.CodeSigningConfigArn)
	if err != nil {
		return nil, err
	}
	return &lambda.GetCodeSigningConfigResponse{CodeSigningConfig: c.render()}, nil
}

// DeleteCodeSigningConfig deletes a configuration that no function has.
func (s *Service) DeleteCodeSigningConfig(ctx context.Context, in *lambda.DeleteCodeSigningConfigRequest) (*lambda.DeleteCodeSigningConfigResponse, error) {
	c, err := s.loadSigning(ctx, in.CodeSigningConfigArn)
	if err != nil {
		return nil, err
	}
	s.several.Lock()
	defer s.several.Unlock()
	users, err := s.signedBy(c)
	if err != nil {
		return nil, err
	}
	if len(users) > 0 {
		return nil, conflict("The code signing configuration %s cannot be deleted: it is attached to %s.", c.arn(), strings.Join(users, ", "))
	}
	key, _ := signingKey(aws.CallerFrom(ctx), c.arn())
	err = state.Remove[signingConfig](ctx, s.Documents, key, nil)
	if errors.Is(err, state.ErrNotFound) {
		return nil, noSigningConfig(c.arn())
	}
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteCodeSigningConfigResponse{}, nil
}

// ListCodeSigningConfigs lists the caller's configurations.
func (s *Service) ListCodeSigningConfigs(ctx context.Context, in *lambda.ListCodeSigningConfigsRequest) (*lambda.ListCodeSigningConfigsResponse, error) {
	caller := aws.CallerFrom(ctx)
	all, err := state.LoadAll[signingConfig](s.Documents, signingPrefix+caller.Account+"/"+caller.Region+"/")
	if err != nil {
		return nil, err
	}
	var list []lambda.CodeSigningConfig
	for _, c := range all {
		list = append(list, *c.render())
	}
	page, next := paginate(list, in.Marker, in.MaxItems, func(c lambda.CodeSigningConfig) string { return *c.CodeSigningConfigId })
	return &lambda.ListCodeSigningConfigsResponse{CodeSigningConfigs: page, NextMarker: next}, nil
}

// signedBy returns the ARNs of the functions that have a configuration.
func (s *Service) signedBy(c *signingConfig) ([]string, error) {
	functions, err := s.functionsOf(c.Account, c.Region)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, f := range functions {
		if f.CodeSigning == c.arn() {
			list = append(list, execution.FunctionRef{Account: f.Account, Region: f.Region, Name: f.Name}.ARN())
		}
	}
	slices.Sort(list)
	return list, nil
}

// ListFunctionsByCodeSigningConfig lists the functions that have a
// configuration.
func (s *Service) ListFunctionsByCodeSigningConfig(ctx context.Context, in *lambda.ListFunctionsByCodeSigningConfigRequest) (*lambda.ListFunctionsByCodeSigningConfigResponse, error) {
	c, err := s.loadSigning(ctx, in.CodeSigningConfigArn)
	if err != nil {
		return nil, err
	}
	list, err := s.signedBy(c)
	if err != nil {
		return nil, err
	}
	page, next := paginate(list, in.Marker, in.MaxItems, itself)
	return &lambda.ListFunctionsByCodeSigningConfigResponse{FunctionArns: page, NextMarker: next}, nil
}

// attachable loads a configuration that a function is to have.
func (s *Service) attachable(ctx context.Context, arn *string) (*signingConfig, error) {
	c, err := s.loadSigning(ctx, arn)
	if aws.HasCode(err, "ResourceNotFoundException") {
		return nil, userFault(http.StatusNotFound, "CodeSigningConfigNotFoundException",
			"The code signing configuration cannot be found. Check that the provided configuration is not deleted: %s.", aws.Value(arn))
	}
	return c, err
}

// PutFunctionCodeSigningConfig attaches a configuration to a function. It holds
// for the code that is deployed from then on.
func (s *Service) PutFunctionCodeSigningConfig(ctx context.Context, in *lambda.PutFunctionCodeSigningConfigRequest) (*lambda.PutFunctionCodeSigningConfigResponse, error) {
	ref, err := s.functionOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	s.several.Lock()
	defer s.several.Unlock()
	c, err := s.attachable(ctx, in.CodeSigningConfigArn)
	if err != nil {
		return nil, err
	}
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		if f.Latest.IsImage() {
			return invalid("Code signing is not supported for functions created with container images.")
		}
		f.CodeSigning = c.arn()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.PutFunctionCodeSigningConfigResponse{CodeSigningConfigArn: new(c.arn()), FunctionName: new(ref.Name)}, nil
}

// GetFunctionCodeSigningConfig tells which configuration a function has.
func (s *Service) GetFunctionCodeSigningConfig(ctx context.Context, in *lambda.GetFunctionCodeSigningConfigRequest) (*lambda.GetFunctionCodeSigningConfigResponse, error) {
	ref, f, err := s.loadOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	if f.CodeSigning == "" {
		return &lambda.GetFunctionCodeSigningConfigResponse{}, nil
	}
	return &lambda.GetFunctionCodeSigningConfigResponse{CodeSigningConfigArn: new(f.CodeSigning), FunctionName: new(ref.Name)}, nil
}

// DeleteFunctionCodeSigningConfig detaches a function's configuration.
func (s *Service) DeleteFunctionCodeSigningConfig(ctx context.Context, in *lambda.DeleteFunctionCodeSigningConfigRequest) (*lambda.DeleteFunctionCodeSigningConfigOutput, error) {
	ref, err := s.functionOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		f.CodeSigning = ""
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionCodeSigningConfigOutput{}, nil
}

// checkSigned refuses code for a function whose code signing configuration
// enforces signatures: lamgate cannot tell whether one holds, and what guards
// must not be passed by. what is the function or the layer.
func (s *Service) checkSigned(ctx context.Context, arn, what string) error {
	if arn == "" {
		return nil
	}
	c, err := s.loadSigning(ctx, &arn)
	if err != nil {
		return err
	}
	if c.Policy == enforce {
		return userFault(http.StatusBadRequest, "CodeVerificationFailedException",
			"Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is not configured to accept. Check the provided signature for %s. (lamgate verifies no signatures: it takes no code where %s enforces them; let the configuration warn, or detach it)", what, arn)
	}
	s.Log.Warn("code is deployed whose signature is not verified", "function", what, "configuration", arn)
	return nil
}
