package apigateway

import (
	"context"
	"regexp"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

const (
	emptySchema = "{\n  \"$schema\": \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty Schema\",\n  \"type\" : \"object\"\n}"
	errorSchema = "{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error Schema\",\n  \"type\" : \"object\",\n  \"properties\" : {\n    \"message\" : { \"type\" : \"string\" }\n  }\n}"
)

// defaultModels are the models that CreateRestApi gives every API.
func defaultModels() map[string]*plan.Model {
	models := map[string]*plan.Model{}
	for _, m := range []plan.Model{
		{Name: "Empty", Description: "This is a default empty schema model", Schema: emptySchema},
		{Name: "Error", Description: "This is a default error schema model", Schema: errorSchema},
	} {
		m.ID, m.ContentType = aws.NewResourceID(6), "application/json"
		models[m.Name] = &m
	}
	return models
}

const modelBase = "https://apigateway.amazonaws.com/restapis/"

// modelURL is how the schema of one model refers to another.
func modelURL(apiID, model string) string { return modelBase + apiID + "/models/" + model }

func noModel(name string) *aws.Fault { return notFound("Invalid model name specified: %s", name) }

var modelName = regexp.MustCompile(`^[a-zA-Z0-9]+$`)

func checkModelName(name string) error {
	if name == "" {
		return badRequest("Model name must be non-empty")
	}
	if !modelName.MatchString(name) {
		return badRequest("Model name must be alphanumeric: %s", name)
	}
	return nil
}

// CreateModel implements apigateway.CreateModelAPI.
func (s *Service) CreateModel(ctx context.Context, in *api.CreateModelRequest) (*api.Model, error) {
	id := aws.Value(in.RestApiId)
	m := &plan.Model{
		ID:          aws.NewResourceID(6),
		Name:        aws.Value(in.Name),
		Description: aws.Value(in.Description),
		ContentType: aws.Value(in.ContentType),
		Schema:      aws.Value(in.Schema),
	}
	err := s.change(ctx, id, noAPI(ctx, id), func(a *restAPI) error {
		if err := checkModelName(m.Name); err != nil {
			return err
		}
		if err := a.checkSchema(m.Name, m.Schema); err != nil {
			return err
		}
		if a.Models[m.Name] != nil {
			return conflict("Model name already exists for this REST API")
		}
		put(&a.Models, m.Name, m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return describeModel(m), nil
}

// GetModel implements apigateway.GetModelAPI.
func (s *Service) GetModel(ctx context.Context, in *api.GetModelRequest) (*api.Model, error) {
	name := aws.Value(in.ModelName)
	a, err := s.load(ctx, aws.Value(in.RestApiId), noModel(name))
	if err != nil {
		return nil, err
	}
	m := a.Models[name]
	if m == nil {
		return nil, noModel(name)
	}
	out := describeModel(m)
	if aws.Value(in.Flatten) {
		if flat := a.flat(m); flat != nil {
			text, err := flat.MarshalJSON()
			if err != nil {
				return nil, err
			}
			out.Schema = new(string(text))
		}
	}
	return out, nil
}

// GetModels implements apigateway.GetModelsAPI.
func (s *Service) GetModels(ctx context.Context, in *api.GetModelsRequest) (*api.Models, error) {
	id := aws.Value(in.RestApiId)
	a, err := s.load(ctx, id, noAPI(ctx, id))
	if err != nil {
		return nil, err
	}
	names, next, err := page(sorted(a.Models), func(name string) string { return name }, in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &api.Models{Items: make([]api.Model, len(names)), Position: next}
	for i, name := range names {
		out.Items[i] = *describeModel(a.Models[name])
	}
	return out, nil
}

// UpdateModel implements apigateway.UpdateModelAPI.
func (s *Service) UpdateModel(ctx context.Context, in *api.UpdateModelRequest) (*api.Model, error) {
	name := aws.Value(in.ModelName)
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.Model
	err = s.change(ctx, aws.Value(in.RestApiId), noModel(name), func(a *restAPI) error {
		m := a.Models[name]
		if m == nil {
			return noModel(name)
		}
		for _, p := range ops {
			if err := p.only("/description", "/schema"); err != nil {
				return err
			}
			if p.path == "/description" {
				m.Description = p.value
				continue
			}
			if err := a.checkSchema(name, p.value); err != nil {
				return err
			}
			m.Schema = p.value
		}
		out = describeModel(m)
		return nil
	})
	return out, err
}

// DeleteModel implements apigateway.DeleteModelAPI.
func (s *Service) DeleteModel(ctx context.Context, in *api.DeleteModelRequest) (*api.DeleteModelOutput, error) {
	name := aws.Value(in.ModelName)
	err := s.change(ctx, aws.Value(in.RestApiId), noModel(name), func(a *restAPI) error {
		if a.Models[name] == nil {
			return noModel(name)
		}
		if err := a.modelUnused(name); err != nil {
			return err
		}
		delete(a.Models, name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteModelOutput{}, nil
}

// modelUnused refuses to give up a model that a method or another model refers
// to.
// AWS: the last of several resources is named, its path followed by a slash
// and the method, so that the root's reads "//ANY" (test_put_method_model).
func (a *restAPI) modelUnused(name string) error {
	var used error
	for _, other := range sorted(a.Models) {
		if other != name && a.refersTo(a.Models[other], name) {
			used = conflict("Cannot delete model '%s', is referenced in model: %s", name, other)
		}
	}
	for _, r := range a.byPath() {
		for _, httpMethod := range sorted(r.Methods) {
			m := r.Methods[httpMethod]
			for _, model := range m.RequestModels {
				if model == name {
					used = conflict("Cannot delete model '%s', is referenced in method request: %s/%s", name, r.Path, httpMethod)
				}
			}
			for _, response := range m.Responses {
				for _, model := range response.ResponseModels {
					if model == name {
						used = conflict("Cannot delete model '%s', is referenced in method response: %s/%s", name, r.Path, httpMethod)
					}
				}
			}
		}
	}
	return used
}

// checkModels refuses the names of models that do not exist.
func (a *restAPI) checkModels(byContentType map[string]string) error {
	for _, contentType := range sorted(byContentType) {
		if name := byContentType[contentType]; a.Models[name] == nil {
			return badRequest("Invalid model identifier specified: %s", name)
		}
	}
	return nil
}

func describeModel(m *plan.Model) *api.Model {
	return &api.Model{
		Id:          &m.ID,
		Name:        &m.Name,
		Description: optional(m.Description),
		ContentType: &m.ContentType,
		Schema:      optional(m.Schema),
	}
}
