package cloudformation

import (
	"context"
	"slices"
	"strings"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// ValidateTemplate implements cloudformation.ValidateTemplateAPI. Like AWS's it
// looks at the language, not at what the resources' properties say.
func (s *Service) ValidateTemplate(ctx context.Context, in *api.ValidateTemplateInput) (*api.ValidateTemplateOutput, error) {
	body, err := s.source(ctx, &request{body: in.TemplateBody, url: in.TemplateURL}, &stack{})
	if err != nil {
		return nil, err
	}
	t, err := s.read(body)
	if err != nil {
		return nil, err
	}
	out := &api.ValidateTemplateOutput{Description: optional(t.Description), Parameters: []api.TemplateParameter{}, DeclaredTransforms: t.transformNames()}
	out.Capabilities, out.CapabilitiesReason = s.showCapabilities(t)
	for _, p := range t.Parameters {
		out.Parameters = append(out.Parameters, api.TemplateParameter{
			ParameterKey: &p.Name, DefaultValue: p.Default, NoEcho: &p.NoEcho, Description: optional(p.Description),
		})
	}
	return out, nil
}

// A summary is a template as far as it can be told without deploying it.
type summary struct{ *template.Template }

// read reads a template for its own sake. What a transform would make of it is
// not looked at: its resources may be of types that only the transform knows.
func (s *Service) read(body string) (*summary, error) {
	root, err := template.Read(body)
	if err != nil {
		return nil, err
	}
	t, err := template.Outline(root)
	if err == nil && !t.Transformed(template.ServerlessTransform) {
		t, err = template.New(root)
	}
	if err != nil {
		return nil, err
	}
	return &summary{t}, nil
}

func (t *summary) transformNames() []string {
	var names []string
	for _, tr := range t.Transforms {
		names = append(names, tr.Name)
	}
	return names
}

func (s *Service) showCapabilities(t *summary) (names []string, reason *string) {
	if t.Transformed(template.ServerlessTransform) {
		return []string{capabilityAutoExpand}, new("The following resource(s) require capabilities: [" + template.ServerlessTransform + "]")
	}
	need, because := s.capability(t.Template)
	if need == "" {
		return nil, nil
	}
	return []string{need}, new("The following resource(s) require capabilities: [" + strings.Join(because, ", ") + "]")
}

// GetTemplate implements cloudformation.GetTemplateAPI.
func (s *Service) GetTemplate(ctx context.Context, in *api.GetTemplateInput) (*api.GetTemplateOutput, error) {
	c := aws.CallerFrom(ctx)
	var id string
	switch {
	case in.ChangeSetName != nil:
		if in.StackName == nil && !strings.HasPrefix(*in.ChangeSetName, "arn:") {
			return nil, template.Invalid("StackName is a required parameter.")
		}
		cs, err := s.findChangeSet(c, *in.ChangeSetName, aws.Value(in.StackName))
		if err != nil {
			return nil, err
		}
		id = cs.Definition.Template
	case in.StackName == nil:
		return nil, template.Invalid("StackName is required if ChangeSetName is not specified.")
	default:
		st, err := s.mustFind(c, *in.StackName, noStackWithID)
		if err != nil {
			return nil, err
		}
		id = st.Definition.Template
	}
	if id == "" {
		// AWS: a stack in review has no TemplateBody, which is no error (a report
		// from cdklabs/awscdk-v1-stack-finder, #273; CDK's client relies on it).
		return &api.GetTemplateOutput{StagesAvailable: []string{}}, nil
	}
	text, err := s.text(c.Account, c.Region, id)
	if err != nil {
		return nil, err
	}
	out := &api.GetTemplateOutput{TemplateBody: &text.Body, StagesAvailable: []string{"Original", "Processed"}}
	if aws.Value(in.TemplateStage) == "Processed" && text.Processed != "" {
		out.TemplateBody = &text.Processed
	}
	return out, nil
}

// GetTemplateSummary implements cloudformation.GetTemplateSummaryAPI.
func (s *Service) GetTemplateSummary(ctx context.Context, in *api.GetTemplateSummaryInput) (*api.GetTemplateSummaryOutput, error) {
	c := aws.CallerFrom(ctx)
	if in.StackSetName != nil {
		return nil, template.Invalid("lamgate does not support the parameter StackSetName")
	}
	st := &stack{}
	r := &request{body: in.TemplateBody, url: in.TemplateURL}
	if in.StackName != nil {
		var err error
		if st, err = s.mustFind(c, *in.StackName, noStackWithID); err != nil {
			return nil, err
		}
		if st.Status == reviewInProgress {
			return nil, template.Invalid("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
		}
		r.usePrevious = true
	}
	body, err := s.source(ctx, r, st)
	if err != nil {
		return nil, err
	}
	t, err := s.read(body)
	if err != nil {
		return nil, err
	}
	out := &api.GetTemplateSummaryOutput{
		Description: optional(t.Description), Version: optional(t.FormatVersion), DeclaredTransforms: t.transformNames(),
		Parameters: []api.ParameterDeclaration{}, ResourceTypes: []string{}, ResourceIdentifierSummaries: []api.ResourceIdentifierSummary{},
	}
	if out.Version == nil {
		out.Version = new("2010-09-09")
	}
	if t.Metadata != nil {
		out.Metadata = new(t.Metadata.JSON())
	}
	out.Capabilities, out.CapabilitiesReason = s.showCapabilities(t)
	for _, p := range t.Parameters {
		out.Parameters = append(out.Parameters, api.ParameterDeclaration{
			ParameterKey: &p.Name, DefaultValue: p.Default, ParameterType: &p.Type, NoEcho: &p.NoEcho, Description: optional(p.Description),
			ParameterConstraints: &api.ParameterConstraints{AllowedValues: p.AllowedValues},
		})
	}
	s.summariseResources(t, out)
	return out, nil
}

func (s *Service) summariseResources(t *summary, out *api.GetTemplateSummaryOutput) {
	byType := map[string][]string{}
	for _, r := range t.Resources {
		if byType[r.Type] == nil {
			out.ResourceTypes = append(out.ResourceTypes, r.Type)
		}
		byType[r.Type] = append(byType[r.Type], r.LogicalID)
	}
	for _, name := range out.ResourceTypes {
		shown := api.ResourceIdentifierSummary{ResourceType: new(name), LogicalResourceIds: byType[name]}
		if kind := s.types[name]; kind != nil {
			shown.ResourceIdentifiers = slices.Clone(kind.Identifiers)
		}
		out.ResourceIdentifierSummaries = append(out.ResourceIdentifierSummaries, shown)
	}
}

// GetStackPolicy implements cloudformation.GetStackPolicyAPI: no stack has one,
// because those that would set one are refused.
func (s *Service) GetStackPolicy(ctx context.Context, in *api.GetStackPolicyInput) (*api.GetStackPolicyOutput, error) {
	_, err := s.mustFind(aws.CallerFrom(ctx), aws.Value(in.StackName), noStackBrackets)
	return &api.GetStackPolicyOutput{}, err
}
