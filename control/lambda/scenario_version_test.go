package lambda

import "testing"

func TestRecordedVersions(t *testing.T) {
	indexed := object{"Timeout": nil, "Environment": nil, "Handler": "index.handler"}
	fn := object{"FunctionName": "fn"}
	of := func(qualifier string) object { return object{"FunctionName": "fn", "Qualifier": qualifier} }
	play(t, "TestLambdaVersions::test_publish_version_on_create", func(s *scenario) {
		s.call("create_response", "CreateFunction", s.parameters("fn", indexed, object{"Publish": true}))
		s.call("get_function_result", "GetFunction", fn)
		s.call("get_function_version_result", "GetFunction", of("1"))
		s.call("get_function_latest_result", "GetFunction", of("$LATEST"))
		s.call("list_versions_result", "ListVersionsByFunction", fn)
		s.call("repeated_publish_response", "PublishVersion", object{"FunctionName": "fn", "Description": "Repeated version description :)"})
		s.call("list_versions_result_after_publish", "ListVersionsByFunction", fn)
	})
	play(t, "TestLambdaVersions::test_version_lifecycle", func(s *scenario) {
		s.call("create_response", "CreateFunction", s.parameters("fn", indexed, object{"Description": "No version :("}))
		s.call("get_function_result", "GetFunction", fn)
		s.call("list_versions_result", "ListVersionsByFunction", fn)
		s.call("first_update_response", "UpdateFunctionConfiguration", object{"FunctionName": "fn", "Description": "First version :)"})
		s.call("first_update_get_function", "GetFunction", fn)
		s.call("first_publish_response", "PublishVersion", object{"FunctionName": "fn", "Description": "First version description :)"})
		s.call("first_publish_get_function", "GetFunction", of("1"))
		s.call("first_publish_get_function_config", "GetFunctionConfiguration", of("1"))
		s.call("second_update_response", "UpdateFunctionConfiguration", object{"FunctionName": "fn", "Description": "Second version :))"})
		s.call("first_publish_get_function_after_update", "GetFunction", of("1"))
		s.call("second_publish_response", "PublishVersion", fn)
		s.call("third_publish_response", "PublishVersion", object{"FunctionName": "fn", "Description": "Third version description :)))"})
		s.call("list_versions_result_after_third_publish", "ListVersionsByFunction", fn)
		s.do("DeleteFunction", of("1"))
		s.call("list_versions_result_after_deletion_of_first_version", "ListVersionsByFunction", fn)
	})
	play(t, "TestLambdaVersions::test_publish_with_wrong_sha256", func(s *scenario) {
		s.call("create_response", "CreateFunction", s.parameters("fn", indexed))
		is := s.call("get_fn_response", "GetFunction", fn)["Configuration"].(object)["CodeSha256"]
		s.call("publish_wrong_sha256_exc", "PublishVersion", object{"FunctionName": "fn", "CodeSha256": "somenonexistentsha256"})
		s.call("publish_result", "PublishVersion", object{"FunctionName": "fn", "CodeSha256": is})
	})
	play(t, "TestLambdaVersions::test_publish_with_wrong_revisionid", func(s *scenario) {
		s.older = true
		s.call("create_response", "CreateFunction", s.parameters("fn", indexed, object{"Runtime": "python3.9"}))
		is := revision(s.call("get_fn_response", "GetFunction", fn))
		s.call("publish_wrong_revisionid_exc", "PublishVersion", object{"FunctionName": "fn", "RevisionId": "wrong"})
		s.call("publish_result", "PublishVersion", object{"FunctionName": "fn", "RevisionId": is})
	})
	play(t, "TestLambdaVersions::test_publish_with_update", func(s *scenario) {
		s.call("create_response", "CreateFunction", s.parameters("fn", indexed))
		s.call("get_function_result", "GetFunction", fn)
		s.call("update_function_code_result", "UpdateFunctionCode", object{"FunctionName": "fn", "ZipFile": zipOf(s.t, "other.py"), "Publish": true})
		// What follows shows the version on its way; lamgate's is active by then.
	})
	play(t, "TestLambdaRevisions::test_function_revisions_basic", func(s *scenario) {
		s.call("create_function_response_rev1", "CreateFunction", s.parameters("fn", object{"Handler": "index.handler"}))
		is := revision(s.call("get_function_response_rev2", "GetFunction", fn))
		code := func(revision any) object {
			return object{"FunctionName": "fn", "ZipFile": zipOf(s.t, "handler.py"), "RevisionId": revision}
		}
		s.call("update_function_revision_exception", "UpdateFunctionCode", code("wrong"))
		s.call("update_function_code_response_rev3", "UpdateFunctionCode", code(is))
		is = revision(s.call("get_function_response_rev4", "GetFunction", fn))
		update := func(revision any) object {
			return object{"FunctionName": "fn", "Runtime": "python3.8", "RevisionId": revision}
		}
		s.call("update_function_configuration_revision_exception", "UpdateFunctionConfiguration", update("wrong"))
		s.call("update_function_configuration_response_rev5", "UpdateFunctionConfiguration", update(is))
		s.call("get_function_response_rev6", "GetFunction", fn)
	})
	play(t, "TestLambdaRevisions::test_function_revisions_version_and_alias", func(s *scenario) {
		s.call("create_function_response_rev1", "CreateFunction", s.parameters("fn"))
		is := revision(s.call("get_function_active_rev2", "GetFunction", fn))
		s.call("publish_version_revision_exception", "PublishVersion", object{"FunctionName": "fn", "RevisionId": "wrong"})
		s.call("publish_version_response_rev_v1", "PublishVersion", object{"FunctionName": "fn", "RevisionId": is})
		s.call("get_function_published_version_rev_v2", "GetFunction", of("1"))
		s.call("get_function_latest_rev3", "GetFunction", fn)
		named := s.call("create_alias_response_rev_a1", "CreateAlias", object{"FunctionName": "fn", "Name": "revision_alias", "FunctionVersion": "1"})
		s.call("get_function_latest_rev4", "GetFunction", fn)
		s.call("get_function_published_version_rev_v3", "GetFunction", of("1"))
		s.call("update_alias_revision_exception", "UpdateAlias", object{"FunctionName": "fn", "Name": "revision_alias", "RevisionId": "wrong"})
		s.call("update_alias_response_rev_a2", "UpdateAlias", object{
			"FunctionName": "fn", "Name": "revision_alias", "Description": "something changed", "RevisionId": named["RevisionId"],
		})
	})
	play(t, "TestLambdaRevisions::test_function_revisions_permissions", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("add_permission_revision_exception", "AddPermission", object{
			"FunctionName": "fn", "StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", "RevisionId": "wrong",
		})
	})
}

// revision returns the revision that an answer of GetFunction has.
func revision(answer object) any { return answer["Configuration"].(object)["RevisionId"] }

func TestRecordedAliases(t *testing.T) {
	staging := object{"Timeout": nil, "Handler": "index.handler", "Environment": object{"Variables": object{"testenv": "staging"}}}
	fn := object{"FunctionName": "fn"}
	prod := object{"FunctionName": "fn", "Environment": object{"Variables": object{"testenv": "prod"}}}
	weights := func(w object) object { return object{"AdditionalVersionWeights": w} }
	alias := func(name, version string, more ...object) object {
		p := object{"FunctionName": "fn", "Name": name, "FunctionVersion": version}
		for _, m := range more {
			for k, v := range m {
				p[k] = v
			}
		}
		return p
	}
	described := object{"Description": "custom-alias"}
	play(t, "TestLambdaAlias::test_alias_lifecycle", func(s *scenario) {
		s.call("create_response", "CreateFunction", s.parameters("fn", staging))
		s.call("publish_v1", "PublishVersion", fn)
		s.do("UpdateFunctionConfiguration", prod)
		s.call("publish_v2", "PublishVersion", fn)
		named := func(name string) object { return object{"FunctionName": "fn", "Name": name} }
		s.call("create_alias_1_1", "CreateAlias", alias("aliasname1_1", "1", described, object{"RoutingConfig": weights(object{"2": 0.2})}))
		s.call("get_alias_1_1", "GetAlias", named("aliasname1_1"))
		s.call("get_function_alias_1_1", "GetFunction", object{"FunctionName": "fn", "Qualifier": "aliasname1_1"})
		s.call("get_function_byarn_alias_1_1", "GetFunction", object{"FunctionName": arn("fn:aliasname1_1")})
		s.call("get_function_alias_notfound_exc", "GetFunction", object{"FunctionName": "fn", "Qualifier": "aliasdoesnotexist"})
		s.call("get_function_alias_byarn_notfound_exc", "GetFunction", object{"FunctionName": arn("fn:aliasdoesnotexist")})
		s.call("create_alias_1_2", "CreateAlias", alias("aliasname1_2", "1", described))
		s.call("get_alias_1_2", "GetAlias", named("aliasname1_2"))
		s.call("create_alias_1_3", "CreateAlias", alias("aliasname1_3", "1"))
		s.call("get_alias_1_3", "GetAlias", named("aliasname1_3"))
		s.call("create_alias_2", "CreateAlias", alias("aliasname2", "2", described))
		s.call("get_alias_2", "GetAlias", named("aliasname2"))
		s.call("list_aliases_for_fnname", "ListAliases", fn)
		s.call("update_alias_1_1", "UpdateAlias", object{"FunctionName": "fn", "Name": "aliasname1_1", "RoutingConfig": weights(object{})})
		s.call("get_alias_1_1_after_update", "GetAlias", named("aliasname1_1"))
		s.call("list_aliases_for_fnname_after_update", "ListAliases", fn)
		s.call("update_alias_1_2", "UpdateAlias", named("aliasname1_2"))
		s.call("get_alias_1_2_after_update", "GetAlias", named("aliasname1_2"))
		s.call("list_aliases_for_fnname_after_update_2", "ListAliases", fn)
		s.call("list_aliases_for_version", "ListAliases", object{"FunctionName": "fn", "FunctionVersion": "1"})
		s.call("delete_alias_response", "DeleteAlias", named("aliasname1_1"))
		s.call("list_aliases_for_fnname_afterdelete", "ListAliases", fn)
	})
	play(t, "TestLambdaAlias::test_notfound_and_invalid_routingconfigs", func(s *scenario) {
		s.call("create_response", "CreateFunction", s.parameters("fn", staging, object{"Publish": true}))
		s.call("publish_v1", "PublishVersion", fn)
		s.do("UpdateFunctionConfiguration", prod)
		s.call("publish_v2", "PublishVersion", fn)
		for _, c := range []struct {
			step, version string
			weights       object
		}{
			{"routing_config_exc_toomany", "1", object{"1": 0.8, "2": 0.2}},
			{"routing_config_exc_toohigh", "1", object{"2": 2}},
			{"routing_config_exc_subzero", "1", object{"2": -1}},
			{"routing_config_exc_sameversion", "1", object{"1": 0.5}},
			{"target_version_doesnotexist", "10", object{"2": 0.5}},
			{"routing_config_exc_version_doesnotexist", "1", object{"10": 0.5}},
			{"target_version_exc_version_latest", "$LATEST", object{"1": 0.5}},
			{"routing_config_exc_version_latest", "1", object{"$LATEST": 0.5}},
		} {
			s.call(c.step, "CreateAlias", alias("custom", c.version, object{"RoutingConfig": weights(c.weights)}))
		}
		s.call("create-alias-latest", "CreateAlias", alias("custom-latest", "$LATEST"))
		half := object{"RoutingConfig": weights(object{"2": 0.5})}
		s.call("routing_config_exc_fn_doesnotexist", "CreateAlias", alias("custom", "1", half, object{"FunctionName": "fn-unknown"}))
		s.call("create_alias_empty_routingconfig", "CreateAlias", alias("custom-empty-routingconfig", "1", object{"RoutingConfig": weights(object{})}))
		s.call("create_alias_response", "CreateAlias", alias("custom", "1", half))
		s.call("routing_config_exc_already_exist", "CreateAlias", alias("custom", "1", half))
		s.call("alias_does_not_exist_esc", "GetAlias", object{"FunctionName": "fn", "Name": "non-existent"})
	})
	play(t, "TestLambdaAlias::test_alias_naming", func(s *scenario) {
		s.call("create_response", "CreateFunction", s.parameters("fn", staging))
		s.call("publish_v1", "PublishVersion", fn)
		s.call("create_alias_date", "CreateAlias", alias("2024-01-02", "1", described))
		s.call("get_alias_date", "GetAlias", object{"FunctionName": "fn", "Name": "2024-01-02"})
		s.call("create_alias_number_exception", "CreateAlias", alias("2024", "1", described))
	})
	play(t, "TestLambdaAlias::test_non_existent_alias_deletion", func(s *scenario) {
		s.call("create_response", "CreateFunction", s.parameters("fn", staging))
		s.call("delete_alias_response", "DeleteAlias", object{"FunctionName": "fn", "Name": "non-existent"})
	})
	play(t, "TestLambdaAlias::test_non_existent_alias_update", func(s *scenario) {
		s.call("create_response", "CreateFunction", s.parameters("fn", staging))
		s.call("update_alias_response", "UpdateAlias", object{"FunctionName": "fn", "Name": "non-existent"})
	})
}
