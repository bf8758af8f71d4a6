package apigateway_test

import (
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
)

func TestModelScenarios(t *testing.T) {
	create := func(s *scenario, step string, rest *string, name string, schema *string, contentType string) {
		s.t.Helper()
		call[api.Model](s, step)(s.CreateModel(s.ctx, &api.CreateModelRequest{RestApiId: rest, Name: &name, Description: new(""), ContentType: &contentType, Schema: schema}))
	}
	update := func(s *scenario, step string, rest *string, name string, ops ...api.PatchOperation) {
		s.t.Helper()
		call[api.Model](s, step)(s.UpdateModel(s.ctx, &api.UpdateModelRequest{RestApiId: rest, ModelName: &name, PatchOperations: ops}))
	}
	const json = "application/json"
	const schema = `{"title":"MySchema","type":"object"}`

	play(t, "test_model_lifecycle", func(s *scenario) {
		rest := s.newAPI().Id
		sum := `{"title": "Calc output", "type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"},
			"op": {"description": "operation of +, -, * or /", "type": "string"}, "c": {"type": "number"}}, "required": ["a", "b", "op"]}`
		call[api.Model](s, "create-model")(s.CreateModel(s.ctx, &api.CreateModelRequest{RestApiId: rest, Name: new("CalcOutput"),
			Description: new("Calc output model"), ContentType: new(json), Schema: &sum}))
		call[api.Models](s, "get-models")(s.GetModels(s.ctx, &api.GetModelsRequest{RestApiId: rest}))
		call[api.Model](s, "get-model")(s.GetModel(s.ctx, &api.GetModelRequest{RestApiId: rest, ModelName: new("CalcOutput")}))
		call[api.DeleteModelOutput](s, "del-model")(s.DeleteModel(s.ctx, &api.DeleteModelRequest{RestApiId: rest, ModelName: new("CalcOutput")}))
	})
	play(t, "test_model_validation", func(s *scenario) {
		rest, none := s.newAPI().Id, new("abcde0")
		create(s, "create-model-wrong-id", none, "MySchema", new(schema), json)
		call[api.Models](s, "get-models-wrong-id")(s.GetModels(s.ctx, &api.GetModelsRequest{RestApiId: none}))
		call[api.Model](s, "get-model-wrong-id")(s.GetModel(s.ctx, &api.GetModelRequest{RestApiId: none, ModelName: new("MySchema")}))
		call[api.DeleteModelOutput](s, "del-model-wrong-id")(s.DeleteModel(s.ctx, &api.DeleteModelRequest{RestApiId: none, ModelName: new("MySchema")}))
		do(s.bench, s.CreateModel, api.CreateModelRequest{RestApiId: rest, Name: new("MySchema"), ContentType: new(json), Schema: new(schema)})
		create(s, "create-model-already-exists", rest, "MySchema", new(schema), json)
		create(s, "create-model-empty-name", rest, "", new(schema), json)
		create(s, "create-model-empty-schema", rest, "MyEmptySchema", new(""), json)
		create(s, "create-model-no-schema-json", rest, "MyEmptySchema", nil, json)
		create(s, "create-model-no-schema-xml", rest, "MyEmptySchemaXml", nil, "application/xml")
	})
	play(t, "test_update_model", func(s *scenario) {
		rest := s.newAPI().Id
		change := []api.PatchOperation{replace("/schema", `{"title":"Updated schema","type":"object"}`), replace("/description", "")}
		update(s, "update-model-wrong-id", new("abcde0"), "mySchema", change...)
		create(s, "create-model", rest, "MySchema", new(schema), json)
		update(s, "update-model", rest, "MySchema", change...)
		update(s, "update-model-invalid-op", rest, "MySchema", add("/wrong-path", "not supported op"))
		update(s, "update-model-invalid-path", rest, "MySchema", replace("/name", "invalid"))
		update(s, "update-model-empty-schema", rest, "MySchema", replace("/schema", ""))
	})
}

func TestRequestValidatorScenarios(t *testing.T) {
	get := func(s *scenario, step string, rest, id *string) {
		s.t.Helper()
		call[api.RequestValidator](s, step)(s.GetRequestValidator(s.ctx, &api.GetRequestValidatorRequest{RestApiId: rest, RequestValidatorId: id}))
	}
	list := func(s *scenario, step string, rest *string) {
		s.t.Helper()
		call[api.RequestValidators](s, step)(s.GetRequestValidators(s.ctx, &api.GetRequestValidatorsRequest{RestApiId: rest}))
	}
	create := func(s *scenario, step string, rest *string) *api.RequestValidator {
		s.t.Helper()
		return call[api.RequestValidator](s, step)(s.CreateRequestValidator(s.ctx, &api.CreateRequestValidatorRequest{RestApiId: rest, Name: new("a validator")}))
	}
	update := func(s *scenario, step string, rest, id *string, op api.PatchOperation) {
		s.t.Helper()
		call[api.RequestValidator](s, step)(s.UpdateRequestValidator(s.ctx, &api.UpdateRequestValidatorRequest{RestApiId: rest, RequestValidatorId: id, PatchOperations: []api.PatchOperation{op}}))
	}
	drop := func(s *scenario, step string, rest, id *string) {
		s.t.Helper()
		call[api.DeleteRequestValidatorOutput](s, step)(s.DeleteRequestValidator(s.ctx, &api.DeleteRequestValidatorRequest{RestApiId: rest, RequestValidatorId: id}))
	}
	restAPI := func(s *scenario) *string {
		return call[api.RestApi](s, "create-rest-api")(s.CreateRestApi(s.ctx, &api.CreateRestApiRequest{Name: new("an api"), Description: new("my api")})).Id
	}
	play(t, "test_validators_crud_no_api", func(s *scenario) {
		create(s, "wrong-rest-api-id-create-validator", new("test-fake-rest-id"))
		list(s, "wrong-rest-api-id-get-validators", new("test-fake-rest-id"))
	})
	play(t, "test_request_validator_lifecycle", func(s *scenario) {
		rest := restAPI(s)
		id := create(s, "create-request-validator", rest).Id
		get(s, "get-request-validator", rest, id)
		list(s, "get-request-validators", rest)
		update(s, "update-request-validator-with-value", rest, id, replace("/validateRequestBody", "true"))
		update(s, "update-request-validator-without-value", rest, id, api.PatchOperation{Op: new("replace"), Path: new("/validateRequestBody")})
		get(s, "get-request-validators-after-update-operation", rest, id)
		drop(s, "delete-request-validator", rest, id)
		get(s, "get-deleted-request-validator", rest, id)
		list(s, "get-request-validators-after-delete", rest)
	})
	play(t, "test_invalid_get_request_validator", func(s *scenario) {
		get(s, "get-request-validators-invalid-api-id", new("api_id"), new("validator_id"))
		get(s, "get-request-validators-invalid-validator-id", s.newAPI().Id, new("validator_id"))
	})
	play(t, "test_invalid_get_request_validators", func(s *scenario) {
		list(s, "get-invalid-request-validators", new("api_id"))
	})
	play(t, "test_invalid_delete_request_validator", func(s *scenario) {
		drop(s, "delete-request-validator-invalid-api-id", new("api_id"), new("validator_id"))
		drop(s, "delete-request-validator-invalid-validator-id", s.newAPI().Id, new("validator_id"))
	})
	play(t, "test_create_request_validator_invalid_api_id", func(s *scenario) {
		create(s, "invalid-create-request-validator", new("api_id"))
	})
	play(t, "test_invalid_update_request_validator_operations", func(s *scenario) {
		rest := restAPI(s)
		id := create(s, "create-request-validator", rest).Id
		update(s, "update-request-validator-invalid-add-operation", rest, id, add("/validateRequestBody", "true"))
		update(s, "update-request-validator-invalid-remove-operation", rest, id, remove("/validateRequestBody"))
		update(s, "update-request-validator-invalid-path", rest, id, replace("/invalidPath", "true"))
		update(s, "update-request-validator-empty-name-value", rest, id, replace("/name", ""))
	})
}
