package lambda

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// timeFormat is how most answers write times.
const timeFormat = "2006-01-02T15:04:05.000-0700"

// unsupported refuses what lamgate lacks, by name.
func unsupported(format string, args ...any) *aws.Fault {
	return invalid("lamgate does not support %s yet.", fmt.Sprintf(format, args...))
}

func set(field *string, p *string) {
	if p != nil {
		*field = *p
	}
}

// touch gives a changed configuration its new revision.
func (s *Service) touch(c *execution.Configuration) {
	c.RevisionID = aws.NewUUID()
	c.LastModified = s.Clock.Now().UTC()
}

// fingerprint tells configurations apart by what a version is made of: neither
// by their revision, nor by when they came to be, nor by how far that is, nor by
// what the host has to say of it.
func fingerprint(c execution.Configuration) (string, error) {
	takeNext(&c)
	c.Version, c.RevisionID, c.LastModified, c.Fingerprint = "", "", time.Time{}, ""
	c.State, c.StateReason, c.StateReasonCode, c.RuntimeWarning = "", "", "", ""
	c.LastUpdateStatus, c.LastUpdateReason, c.LastUpdateReasonCode = "", "", ""
	c.Layers = slices.Clone(c.Layers)
	for i := range c.Layers {
		c.Layers[i].Code.Unpacked = 0
	}
	c.Code.Blob, c.Code.Unpacked = "", 0
	b, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("compare versions: %w", err)
	}
	sum := sha256.Sum256(b)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// render returns a configuration in AWS's form, under the name that ref gives it.
func render(ref execution.FunctionRef, c *execution.Configuration) *lambda.FunctionConfiguration {
	out := renderListed(ref, c)
	out.State, out.StateReason, out.StateReasonCode = new(c.State), told(c.StateReason), told(c.StateReasonCode)
	out.LastUpdateStatus = told(c.LastUpdateStatus)
	out.LastUpdateStatusReason, out.LastUpdateStatusReasonCode = told(c.LastUpdateReason), told(c.LastUpdateReasonCode)
	if !c.IsImage() {
		out.RuntimeVersionConfig = &lambda.RuntimeVersionConfig{RuntimeVersionArn: new(runtimeVersionARN(ref.Region, c.Runtime))}
	}
	if c.RuntimeWarning != "" && out.StateReason == nil {
		out.StateReason = new("lamgate: " + c.RuntimeWarning)
	}
	return out
}

// told returns nil for an empty text, which answers leave out.
func told(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// renderListed is render for lists, which leave the states out.
func renderListed(ref execution.FunctionRef, c *execution.Configuration) *lambda.FunctionConfiguration {
	out := &lambda.FunctionConfiguration{
		FunctionName:     new(ref.Name),
		FunctionArn:      new(ref.ARN()),
		Role:             new(c.Role),
		CodeSize:         new(c.Code.Size),
		CodeSha256:       new(c.Code.SHA256),
		Description:      new(c.Description),
		Timeout:          new(int32(c.Timeout / time.Second)),
		MemorySize:       new(int32(c.MemoryMB)),
		LastModified:     new(c.LastModified.Format(timeFormat)),
		Version:          new(c.Version),
		TracingConfig:    &lambda.TracingConfigResponse{Mode: new(c.TracingMode)},
		RevisionId:       new(c.RevisionID),
		PackageType:      new("Zip"),
		Architectures:    []string{c.Architecture},
		EphemeralStorage: &lambda.EphemeralStorage{Size: new(int32(c.EphemeralMB))},
		SnapStart:        &lambda.SnapStartResponse{ApplyOn: new("None"), OptimizationStatus: new("Off")},
		LoggingConfig: &lambda.LoggingConfig{
			LogFormat: new(c.LogFormat), LogGroup: new(c.LogGroup),
			ApplicationLogLevel: told(c.ApplicationLogLevel), SystemLogLevel: told(c.SystemLogLevel),
		},
	}
	if c.IsImage() {
		out.PackageType = new("Image")
		out.ImageConfigResponse = renderImageConfig(c.Image)
	} else {
		out.Runtime, out.Handler = new(c.Runtime), new(c.Handler)
	}
	if c.Environment != nil {
		out.Environment = &lambda.EnvironmentResponse{Variables: c.Environment}
	}
	if c.DeadLetterTarget != "" {
		out.DeadLetterConfig = &lambda.DeadLetterConfig{TargetArn: new(c.DeadLetterTarget)}
	}
	for _, l := range c.Layers {
		out.Layers = append(out.Layers, lambda.Layer{Arn: new(l.ARN), CodeSize: new(l.Code.Size)})
	}
	if c.SnapStartApplyOn == publishedVersions {
		out.SnapStart.ApplyOn = new(publishedVersions)
		// AWS: versions are optimised, $LATEST is not (recorded:
		// test_snapstart_update_function_configuration).
		if c.Version != execution.Latest {
			out.SnapStart.OptimizationStatus = new("On")
		}
	}
	return out
}

// runtimeVersionARN names the runtime in AWS's form; its identifier is
// lamgate's own, the same for a runtime everywhere.
func runtimeVersionARN(region, runtime string) string {
	sum := sha256.Sum256([]byte("lamgate runtime " + runtime))
	return fmt.Sprintf("arn:aws:lambda:%s::runtime:%x", region, sum)
}
