package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

type deployment struct{ client APIGateway }

func deploymentType(client APIGateway) *Type {
	d := deployment{client}
	return &Type{
		Name: "AWS::ApiGateway::Deployment",
		Properties: Properties{
			"Description":              {},
			"RestApiId":                {Required: true, Replace: true},
			"DeploymentCanarySettings": {Kind: Object, Members: canarySettings(), Replace: true},
			"StageDescription":         {Kind: Object, Members: stageDescription()},
			"StageName":                {},
		},
		Attributes:  []string{"DeploymentId"},
		Identifiers: []string{"DeploymentId", "RestApiId"},
		Find:        d.find, Create: d.create, Update: d.update, Delete: d.delete,
	}
}

func (d deployment) find(ctx context.Context, r *Request) ([]string, error) {
	var found []string
	for in := (&apigateway.GetDeploymentsRequest{RestApiId: new(r.text("RestApiId")), Limit: new(int32(500))}); ; {
		out, err := d.client.GetDeployments(ctx, in)
		if err != nil {
			return nil, gone(err)
		}
		for _, item := range out.Items {
			if aws.Value(item.Description) == r.text("Description") {
				found = append(found, aws.Value(item.Id))
			}
		}
		if in.Position = out.Position; in.Position == nil {
			return found, nil
		}
	}
}

func (d deployment) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &apigateway.CreateDeploymentRequest{}
	if err := fill(in, r.Properties, "DeploymentCanarySettings", "StageDescription"); err != nil {
		return nil, err
	}
	if canary := r.Properties.Get("DeploymentCanarySettings"); canary != nil {
		in.CanarySettings = &apigateway.DeploymentCanarySettings{}
		if err := fill(in.CanarySettings, canary); err != nil {
			return nil, err
		}
	}
	deployed, err := d.client.CreateDeployment(ctx, in)
	if err != nil {
		return nil, err
	}
	out := deploymentOutcome(aws.Value(deployed.Id))
	return out, d.describeStage(ctx, r)
}

func deploymentOutcome(id string) *Outcome {
	return &Outcome{PhysicalID: id, Attributes: map[string]string{"DeploymentId": id}}
}

// describeStage sets on the stage that came with the deployment what
// StageDescription says.
func (d deployment) describeStage(ctx context.Context, r *Request) error {
	settings := r.Properties.Get("StageDescription")
	if settings == nil || r.text("StageName") == "" {
		return nil
	}
	if err := settleStage(ctx, d.client, r.text("RestApiId"), r.text("StageName"), settings, ""); err != nil {
		return err
	}
	described := &Request{Properties: settings, Previous: r.Previous.Get("StageDescription")}
	return retagAPI(ctx, d.client, described, "/restapis/"+r.text("RestApiId")+"/stages/"+r.text("StageName"))
}

func (d deployment) update(ctx context.Context, r *Request) (*Outcome, error) {
	out := deploymentOutcome(r.PhysicalID)
	if r.changed("Description") {
		var p patches
		p.add("replace", "/description", r.text("Description"))
		if _, err := d.client.UpdateDeployment(ctx, &apigateway.UpdateDeploymentRequest{RestApiId: new(r.text("RestApiId")), DeploymentId: &r.PhysicalID, PatchOperations: p}); err != nil {
			return out, err
		}
	}
	if !r.changed("StageName") && !r.changed("StageDescription") {
		return out, nil
	}
	if name := r.text("StageName"); name != "" && r.changed("StageName") {
		in := &apigateway.CreateStageRequest{RestApiId: new(r.text("RestApiId")), StageName: &name, DeploymentId: &r.PhysicalID}
		_, err := d.client.GetStage(ctx, &apigateway.GetStageRequest{RestApiId: in.RestApiId, StageName: &name})
		if absent(err) {
			_, err = d.client.CreateStage(ctx, in)
		}
		if err != nil {
			return out, err
		}
	}
	return out, d.describeStage(ctx, r)
}

// delete removes the deployment, and with it the stage or the canary that it
// brought, if that still shows it: API Gateway deletes no deployment that is in
// use.
func (d deployment) delete(ctx context.Context, r *Request) error {
	id := new(r.text("RestApiId"))
	if name := r.text("StageName"); name != "" {
		stage, err := d.client.GetStage(ctx, &apigateway.GetStageRequest{RestApiId: id, StageName: &name})
		switch {
		case err != nil:
		case aws.Value(stage.DeploymentId) == r.PhysicalID:
			_, err = d.client.DeleteStage(ctx, &apigateway.DeleteStageRequest{RestApiId: id, StageName: &name})
		case stage.CanarySettings != nil && aws.Value(stage.CanarySettings.DeploymentId) == r.PhysicalID:
			var p patches
			p.add("remove", "/canarySettings", "")
			_, err = d.client.UpdateStage(ctx, &apigateway.UpdateStageRequest{RestApiId: id, StageName: &name, PatchOperations: p})
		}
		if gone(err) != nil {
			return err
		}
	}
	_, err := d.client.DeleteDeployment(ctx, &apigateway.DeleteDeploymentRequest{RestApiId: id, DeploymentId: &r.PhysicalID})
	return gone(err)
}
