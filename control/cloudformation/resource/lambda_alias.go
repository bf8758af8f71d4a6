package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

type alias struct {
	client Lambda
	all    Clients
}

func aliasType(c Clients) *Type {
	a := alias{c.Lambda, c}
	return &Type{
		Name: "AWS::Lambda::Alias",
		Properties: Properties{
			"Description":                  {},
			"FunctionName":                 {Required: true, Replace: true},
			"FunctionVersion":              {Required: true},
			"Name":                         {Required: true, Replace: true},
			"ProvisionedConcurrencyConfig": provisionedProperty(),
			"RoutingConfig": {Kind: Object, Members: Properties{"AdditionalVersionWeights": objects(Properties{
				"FunctionVersion": {Required: true}, "FunctionWeight": {Kind: Double, Required: true},
			})}},
		},
		Attributes:  []string{"AliasArn"},
		Identifiers: []string{"AliasArn"},
		Find:        a.find, Create: a.create, Update: a.update, Delete: a.delete,
		// The physical ID is the alias's ARN, which the function's ARN tells only
		// once the alias exists.
	}
}

func (a alias) find(ctx context.Context, r *Request) ([]string, error) {
	out, err := a.client.GetAlias(ctx, &lambda.GetAliasRequest{FunctionName: new(r.text("FunctionName")), Name: new(r.text("Name"))})
	if err != nil {
		return nil, gone(err)
	}
	return []string{aws.Value(out.AliasArn)}, nil
}

func (a alias) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &lambda.CreateAliasRequest{}
	if err := fill(in, r.Properties, "RoutingConfig", "ProvisionedConcurrencyConfig"); err != nil {
		return nil, err
	}
	var err error
	if in.RoutingConfig, err = routing(r.Properties); err != nil {
		return nil, err
	}
	made, err := a.client.CreateAlias(ctx, in)
	if err != nil {
		return nil, err
	}
	return aliasOutcome(made), provision(ctx, a.all, r, r.text("FunctionName"), r.text("Name"))
}

func aliasOutcome(c *lambda.AliasConfiguration) *Outcome {
	return &Outcome{PhysicalID: aws.Value(c.AliasArn), Attributes: map[string]string{"AliasArn": aws.Value(c.AliasArn)}}
}

func routing(properties *template.Node) (*lambda.AliasRoutingConfiguration, error) {
	weights := items(properties.At("RoutingConfig", "AdditionalVersionWeights"))
	if len(weights) == 0 {
		return nil, nil
	}
	config := &lambda.AliasRoutingConfiguration{}
	m := &template.Node{Kind: template.Map}
	for _, w := range weights {
		m.Fields = append(m.Fields, template.F(w.Get("FunctionVersion").Text, w.Get("FunctionWeight")))
	}
	return config, fill(config, template.NewMap(template.Pos{}, template.F("AdditionalVersionWeights", m)))
}

func (a alias) update(ctx context.Context, r *Request) (*Outcome, error) {
	in := &lambda.UpdateAliasRequest{Description: new("")}
	if err := fill(in, r.Properties, "RoutingConfig", "ProvisionedConcurrencyConfig"); err != nil {
		return nil, err
	}
	var err error
	if in.RoutingConfig, err = routing(r.Properties); err != nil {
		return nil, err
	}
	if in.RoutingConfig == nil {
		in.RoutingConfig = &lambda.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{}}
	}
	made, err := a.client.UpdateAlias(ctx, in)
	if err != nil {
		return nil, err
	}
	return aliasOutcome(made), provision(ctx, a.all, r, r.text("FunctionName"), r.text("Name"))
}

func (a alias) delete(ctx context.Context, r *Request) error {
	name := lastPart(r.PhysicalID)
	_, err := a.client.DeleteAlias(ctx, &lambda.DeleteAliasRequest{FunctionName: new(r.text("FunctionName")), Name: &name})
	return gone(err)
}
