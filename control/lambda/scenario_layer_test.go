package lambda

import (
	"fmt"
	"testing"
)

const layerARN = "arn:aws:lambda:us-east-1:000000000000:layer:library"

// layer are the parameters of a layer's version, with changes.
func (s *scenario) layer(name string, changes ...object) object {
	p := object{
		"LayerName": name, "Content": object{"ZipFile": zipOf(s.t, "python/library.py")},
		"CompatibleRuntimes": []string{"python3.12"}, "CompatibleArchitectures": []string{"x86_64"},
	}
	for _, c := range changes {
		for k, v := range c {
			if p[k] = v; v == nil {
				delete(p, k)
			}
		}
	}
	return p
}

func TestRecordedLayers(t *testing.T) {
	of := func(n int) object { return object{"LayerName": "library", "VersionNumber": n} }
	play(t, "TestLambdaLayer::test_layer_exceptions", func(s *scenario) {
		s.call("publish_result", "PublishLayerVersion", s.layer("library"))
		// list_layers_exc_compatibleruntime_invalid names runtimes that never were.
		s.call("list_layers_exc_compatiblearchitecture_invalid", "ListLayers", object{"CompatibleArchitecture": "archdoesnotexist"})
		s.call("list_nonexistent_layer", "ListLayerVersions", object{"LayerName": "layerdoesnotexist"})
		s.call("get_layer_version_exc_layer_doesnotexist", "GetLayerVersion", object{"LayerName": "layerdoesnotexist", "VersionNumber": 1})
		s.call("get_layer_version_exc_layer_version_doesnotexist_negative", "GetLayerVersion", of(-1))
		s.call("get_layer_version_exc_layer_version_doesnotexist_zero", "GetLayerVersion", of(0))
		s.call("get_layer_version_exc_layer_version_doesnotexist_2", "GetLayerVersion", of(2))
		s.call("get_layer_version_by_arn_exc_invalidarn", "GetLayerVersionByArn", object{"Arn": layerARN})
		s.call("get_layer_version_by_arn_exc_nonexistentversion", "GetLayerVersionByArn", object{"Arn": layerARN + ":2"})
		s.call("delete_nonexistent_response", "DeleteLayerVersion", object{"LayerName": "layerdoesnotexist", "VersionNumber": 1})
		s.call("delete_nonexistent_version_response", "DeleteLayerVersion", of(2))
		s.call("delete_layer_response", "DeleteLayerVersion", of(1))
		s.call("delete_layer_again_response", "DeleteLayerVersion", of(1))
		s.call("delete_layer_version_exc_layerversion_invalid_version", "DeleteLayerVersion", of(-1))
		none := []string{}
		s.call("publish_empty_result", "PublishLayerVersion", s.layer("empty", object{"CompatibleRuntimes": none, "CompatibleArchitectures": none}))
		s.call("publish_layer_version_exc_invalid_runtime_arch", "PublishLayerVersion",
			s.layer("other", object{"CompatibleRuntimes": []string{"invalidruntime"}, "CompatibleArchitectures": []string{"invalidarch"}}))
		s.call("publish_layer_version_exc_partially_invalid_values", "PublishLayerVersion", s.layer("other", object{
			"CompatibleRuntimes": []string{"invalidruntime", "invalidruntime2", "nodejs20.x"}, "CompatibleArchitectures": []string{"invalidarch", "x86_64"},
		}))
	})
	play(t, "TestLambdaLayer::test_layer_lifecycle", func(s *scenario) {
		fn := object{"FunctionName": "fn"}
		s.do("CreateFunction", s.parameters("fn"))
		s.call("get_fn_result", "GetFunction", fn)
		s.call("get_fn_config_result", "GetFunctionConfiguration", fn)
		described := s.layer("library", object{"Description": "a layer", "LicenseInfo": "MIT"})
		s.call("publish_result", "PublishLayerVersion", described)
		s.call("publish_result_2", "PublishLayerVersion", described)
		s.call("update_fn_config", "UpdateFunctionConfiguration", object{"FunctionName": "fn", "Layers": []string{layerARN + ":1"}})
		s.call("get_fn_config", "GetFunctionConfiguration", fn)
		s.call("get_layer_ver_result", "GetLayerVersion", of(1))
		s.call("get_layer_by_arn_version", "GetLayerVersionByArn", object{"Arn": layerARN + ":1"})
		s.call("list_layer_versions_predelete", "ListLayerVersions", object{"LayerName": "library"})
		s.call("delete_layer_1", "DeleteLayerVersion", of(1))
		s.call("get_fn_config_postdelete", "GetFunctionConfiguration", fn)
		s.call("delete_layer_2", "DeleteLayerVersion", of(2))
		s.call("list_layer_versions_postdelete", "ListLayerVersions", object{"LayerName": "library"})
		s.call("publish_result_3", "PublishLayerVersion", described)
	})
	play(t, "TestLambdaLayer::test_layer_function_exceptions", func(s *scenario) {
		anything := s.layer("library", object{"CompatibleRuntimes": []string{}})
		s.call("publish_result", "PublishLayerVersion", anything)
		s.call("publish_result_2", "PublishLayerVersion", anything)
		s.call("publish_result_3", "PublishLayerVersion", anything)
		s.do("CreateFunction", s.parameters("fn"))
		s.call("get_fn_result", "GetFunction", object{"FunctionName": "fn"})
		for _, c := range []struct {
			step   string
			layers []string
		}{
			{"two_layer_versions_single_function_exc", []string{layerARN + ":1", layerARN + ":2"}},
			{"three_layer_versions_single_function_exc", []string{layerARN + ":1", layerARN + ":2", layerARN + ":3"}},
			{"two_identical_layer_versions_single_function_exc", []string{layerARN + ":1", layerARN + ":1"}},
			{"add_nonexistent_layer_exc", []string{"arn:aws:lambda:us-east-1:000000000000:layer:doesnotexist:1"}},
			{"add_nonexistent_layer_version_exc", []string{layerARN + ":9"}},
			{"add_layer_arn_without_version_exc", []string{layerARN}},
		} {
			s.call(c.step, "UpdateFunctionConfiguration", object{"FunctionName": "fn", "Layers": c.layers})
		}
		s.region = "eu-central-1"
		there := s.do("PublishLayerVersion", anything)["LayerVersionArn"].(string)
		s.region = "us-east-1"
		s.call("create_function_with_layer_in_different_region", "CreateFunction", s.parameters("other", object{"Layers": []string{there}}))
	})
	play(t, "TestLambdaLayer::test_layer_function_quota_exception", func(s *scenario) {
		var six []string
		for i := range 6 {
			six = append(six, s.do("PublishLayerVersion", s.layer(fmt.Sprint("library-", i)))["LayerVersionArn"].(string))
		}
		s.call("create_function_with_six_layers", "CreateFunction", s.parameters("fn", object{"Layers": six}))
	})
	for i, runtimes := range [][]string{
		{"nodejs24.x", "nodejs22.x", "nodejs20.x", "nodejs18.x", "nodejs16.x", "nodejs14.x", "nodejs12.x", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python3.8", "python3.7"},
		{"java25", "java21", "java17", "java11", "java8.al2", "java8", "dotnet10", "dotnet8", "dotnet6", "dotnetcore3.1", "go1.x", "ruby3.4", "ruby3.3", "ruby3.2", "ruby2.7"},
		{"provided.al2023", "provided.al2", "provided"},
	} {
		play(t, fmt.Sprintf("TestLambdaLayer::test_layer_compatibilities[runtimes%d]", i), func(s *scenario) {
			s.call("publish_result", "PublishLayerVersion", s.layer("library", object{"CompatibleRuntimes": runtimes, "CompatibleArchitectures": []string{"arm64", "x86_64"}}))
		})
	}
	play(t, "TestLambdaLayer::test_layer_s3_content", func(s *scenario) {
		s.call("publish_layer_result", "PublishLayerVersion", object{"LayerName": "library", "Content": object{"S3Bucket": "zips", "S3Key": "a.py"}})
	})
	add := func(sid string, more ...object) object {
		p := object{"LayerName": "library", "VersionNumber": 1, "Action": "lambda:GetLayerVersion", "Principal": "*", "StatementId": sid}
		for _, m := range more {
			for k, v := range m {
				p[k] = v
			}
		}
		return p
	}
	remove := func(sid string, more ...object) object {
		p := add(sid, more...)
		delete(p, "Action")
		delete(p, "Principal")
		return p
	}
	play(t, "TestLambdaLayer::test_layer_policy_exceptions", func(s *scenario) {
		s.call("publish_result", "PublishLayerVersion", s.layer("library"))
		s.call("layer_permission_nopolicy_get", "GetLayerVersionPolicy", of(1))
		s.call("add_layer_permission_result", "AddLayerVersionPermission", add("s1"))
		s.call("layer_permission_action_invalid", "AddLayerVersionPermission", add("s2", object{"Action": "*"}))
		s.call("layer_permission_duplicate_statement", "AddLayerVersionPermission", add("s1"))
		s.call("layer_permission_wrong_revision", "AddLayerVersionPermission", add("s2", object{"RevisionId": "wrong"}))
		nowhere, second := object{"LayerName": "library-doesnotexist"}, object{"VersionNumber": 2}
		s.call("layer_permission_layername_doesnotexist_add", "AddLayerVersionPermission", add("s2", nowhere))
		s.call("layer_permission_layername_doesnotexist_get", "GetLayerVersionPolicy", object{"LayerName": "library-doesnotexist", "VersionNumber": 1})
		s.call("layer_permission_layername_doesnotexist_remove", "RemoveLayerVersionPermission", remove("s1", nowhere))
		s.call("layer_permission_layerversion_doesnotexist_add", "AddLayerVersionPermission", add("s2", second))
		s.call("layer_permission_layerversion_doesnotexist_get", "GetLayerVersionPolicy", of(2))
		s.call("layer_permission_layerversion_doesnotexist_remove", "RemoveLayerVersionPermission", remove("s1", second))
		s.call("layer_permission_statementid_doesnotexist_remove", "RemoveLayerVersionPermission", remove("doesnotexist"))
		s.call("layer_permission_wrong_revision_remove", "RemoveLayerVersionPermission", remove("s1", object{"RevisionId": "wrong"}))
	})
	play(t, "TestLambdaLayer::test_layer_policy_lifecycle", func(s *scenario) {
		s.call("publish_result", "PublishLayerVersion", s.layer("library"))
		s.call("add_policy_s1", "AddLayerVersionPermission", add("s1"))
		is := s.call("get_layer_version_policy", "GetLayerVersionPolicy", of(1))["RevisionId"]
		s.call("add_policy_s2", "AddLayerVersionPermission", add("s2", object{"RevisionId": is}))
		is = s.call("get_layer_version_policy_postadd2", "GetLayerVersionPolicy", of(1))["RevisionId"]
		s.call("remove_s2", "RemoveLayerVersionPermission", remove("s2", object{"RevisionId": is}))
		s.call("get_layer_version_policy_postdeletes2", "GetLayerVersionPolicy", of(1))
	})
}
