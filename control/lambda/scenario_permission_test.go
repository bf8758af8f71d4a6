package lambda

import (
	"fmt"
	"strings"
	"testing"
)

const bucketARN = "arn:aws:s3:::test-bucket"

// permission is a statement's parameters, with changes.
func permission(function, sid, principal string, changes ...object) object {
	p := object{"FunctionName": function, "StatementId": sid, "Action": "lambda:InvokeFunction", "Principal": principal}
	for _, c := range changes {
		for k, v := range c {
			p[k] = v
		}
	}
	return p
}

func TestRecordedPermissions(t *testing.T) {
	fn := object{"FunctionName": "fn"}
	source := object{"SourceArn": bucketARN}
	qualified := func(q string) object { return object{"Qualifier": q} }
	play(t, "TestLambdaPermissions::test_permission_exceptions", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		add := func(step string, params object) { s.call(step, "AddPermission", params) }
		add("add_permission_invalid_statement_id", permission("fn", "example.com", "s3.amazonaws.com"))
		add("add_permission_fn_qualifier_mismatch", permission("fn:alias-not-42", "s3", "s3.amazonaws.com", source, qualified("42")))
		add("add_permission_fn_qualifier_latest", permission("fn:$LATEST", "s3", "s3.amazonaws.com", source, qualified("$LATEST")))
		add("add_permission_principal_invalid", permission("fn", "lambda", "invalid.nonaws.com", object{"SourceAccount": "000000000000"}))
		s.call("get_policy_fn_doesnotexist", "GetPolicy", object{"FunctionName": "doesnotexist"})
		s.call("get_policy_fn_version_doesnotexist", "GetPolicy", object{"FunctionName": "fn", "Qualifier": "77"})
		add("add_permission_fn_doesnotexist", permission("doesnotexist", "s3", "s3.amazonaws.com", source))
		s.call("remove_permission_policy_doesnotexist", "RemovePermission", object{"FunctionName": "fn", "StatementId": "s3"})
		add("add_permission_fn_alias_doesnotexist", permission("fn:alias-doesnotexist", "s3", "s3.amazonaws.com", source))
		add("add_permission_fn_version_doesnotexist", permission("fn", "s3", "s3.amazonaws.com", source, qualified("42")))
		add("add_permission_fn_qualifier_invalid", permission("fn", "s3", "s3.amazonaws.com", source, qualified("invalid-qualifier-with-?-char")))
		add("add_permission_fn_qualifier_valid_doesnotexist", permission("fn", "s3", "s3.amazonaws.com", source, qualified("valid-with-$-but-doesnotexist")))
		s.do("AddPermission", permission("fn", "s3", "s3.amazonaws.com", source))
		add("add_permission_conflicting_statement_id", permission("fn", "s3", "s3.amazonaws.com", source))
		s.call("remove_permission_fn_doesnotexist", "RemovePermission", object{"FunctionName": "doesnotexist", "StatementId": "s3"})
		s.call("remove_permission_fn_alias_doesnotexist", "RemovePermission", object{"FunctionName": "fn", "StatementId": "s3", "Qualifier": "alias-doesnotexist"})
	})
	play(t, "TestLambdaPermissions::test_add_lambda_permission_aws", func(s *scenario) {
		s.call("create_lambda", "CreateFunction", s.parameters("fn"))
		s.call("add_permission", "AddPermission", permission("fn", "s3", "s3.amazonaws.com", source))
		s.call("get_policy", "GetPolicy", fn)
	})
	play(t, "TestLambdaPermissions::test_lambda_permission_fn_versioning", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("add_permission", "AddPermission", permission("fn", "s3", "s3.amazonaws.com", source))
		s.call("get_policy", "GetPolicy", fn)
		s.call("publish_version_result", "PublishVersion", fn)
		s.call("get_function_result_after_publishing", "GetFunction", fn)
		s.call("get_policy_after_publishing_latest", "GetPolicy", fn)
		version := object{"FunctionName": "fn", "Qualifier": "1"}
		s.call("get_policy_after_publishing_new_version", "GetPolicy", version)
		s.do("AddPermission", permission("fn:1", "s3", "s3.amazonaws.com", source, qualified("1")))
		s.call("get_policy_version", "GetPolicy", version)
		alias := s.call("create_alias_response", "CreateAlias", object{"FunctionName": "fn", "Name": "permission-alias", "FunctionVersion": "1"})
		s.call("get_alias", "GetAlias", object{"FunctionName": "fn", "Name": "permission-alias"})
		s.call("add_permission_alias_revision_exception", "AddPermission",
			permission("fn", "s3", "s3.amazonaws.com", source, qualified("permission-alias"), object{"RevisionId": "wrong"}))
		s.do("AddPermission", permission("fn:permission-alias", "s3", "s3.amazonaws.com", source, qualified("permission-alias"), object{"RevisionId": alias["RevisionId"]}))
		s.call("get_policy_alias", "GetPolicy", object{"FunctionName": "fn", "Qualifier": "permission-alias"})
		is := s.call("get_policy_after_adding_to_new_version", "GetPolicy", fn)["RevisionId"]
		s.do("AddPermission", permission("fn", "s3_2", "s3.amazonaws.com", source, object{"RevisionId": is}))
		s.call("get_policy_after_adding_2", "GetPolicy", fn)
	})
	play(t, "TestLambdaPermissions::test_add_lambda_permission_fields", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		account := object{"SourceAccount": "000000000000"}
		s.call("add_permission_principal_wildcard", "AddPermission", permission("fn", "wilcard", "*", account))
		s.call("add_permission_principal_service", "AddPermission", permission("fn", "lambda", "lambda.amazonaws.com", account))
		s.call("add_permission_principal_account", "AddPermission", permission("fn", "account-id", "000000000000"))
		s.call("add_permission_principal_arn", "AddPermission", permission("fn", "user-arn", "arn:aws:iam::000000000000:user/somebody", account))
		s.call("add_permission_optional_fields", "AddPermission", permission("fn", "urlPermission", "*", source, account, object{
			"Action": "lambda:InvokeFunctionUrl", "PrincipalOrgID": "o-1234567890", "FunctionUrlAuthType": "NONE",
		}))
		s.call("add_permission_alexa_skill", "AddPermission",
			permission("fn", "alexaSkill", "*", object{"EventSourceToken": "amzn1.ask.skill.xxxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"}))
	})
	play(t, "TestLambdaPermissions::test_remove_multi_permissions", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		remove := func(sid string) object { return object{"FunctionName": "fn", "StatementId": sid} }
		s.call("add_permission_1", "AddPermission", permission("fn", "s3", "s3.amazonaws.com"))
		s.call("add_permission_2", "AddPermission", permission("fn", "sqs", "sqs.amazonaws.com", source))
		s.call("policy_after_2_add", "GetPolicy", fn)
		s.call("remove_permission_exception_nonexisting_sid", "RemovePermission", remove("non-existent"))
		s.do("RemovePermission", remove("sqs"))
		s.call("policy_after_removal", "GetPolicy", fn)
		s.call("policy_after_removal_attempt", "GetPolicy", fn)
		s.do("RemovePermission", remove("s3"))
		s.call("get_policy_exception_removed_all", "GetPolicy", fn)
	})
	play(t, "TestLambdaPermissions::test_create_multiple_lambda_permissions", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("add_permission_response_1", "AddPermission", permission("fn", "logs", "logs.amazonaws.com"))
		s.call("add_permission_response_2", "AddPermission", permission("fn", "kinesis", "kinesis.amazonaws.com"))
		s.call("policy_after_2_add", "GetPolicy", fn)
	})
}

func TestRecordedTags(t *testing.T) {
	fn, resource := object{"FunctionName": "fn"}, object{"Resource": arn("fn")}
	tags := func(t object) object { return object{"Resource": arn("fn"), "Tags": t} }
	keys := func(k ...string) object { return object{"Resource": arn("fn"), "TagKeys": k} }
	many := func(n int) object {
		t := object{}
		for i := range n {
			t[fmt.Sprintf("%d_key", i)] = fmt.Sprintf("%d_value", i)
		}
		return t
	}
	play(t, "TestLambdaTag::test_create_tag_on_fn_create", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn", object{"Tags": object{"testtag": "mine"}}))
		s.call("get_function_result", "GetFunction", fn)
		s.call("list_tags_result", "ListTags", resource)
	})
	for _, kind := range []string{"", "[lambda_function]"} {
		play(t, "TestLambdaTag::test_tag_lifecycle"+kind, func(s *scenario) {
			s.do("CreateFunction", s.parameters("fn"))
			both := func(step, operation string, params object) {
				s.call(step, operation, params)
				s.call(step+"_listtags", "ListTags", resource)
			}
			both("tag_single_response", "TagResource", tags(object{"A": "tag-a"}))
			both("tag_multiple_response", "TagResource", tags(object{"B": "tag-b", "C": "tag-c"}))
			both("tag_overlap_response", "TagResource", tags(object{"C": "tag-c-newsuffix", "D": "tag-d"}))
			both("untag_single_response", "UntagResource", keys("A"))
			both("untag_multiple_response", "UntagResource", keys("B", "C"))
			both("untag_nonexisting_response", "UntagResource", keys("F"))
			both("untag_existing_and_nonexisting_response", "UntagResource", keys("D", "F"))
		})
	}
	for kind, resource := range map[string]string{
		"lambda_function":      "function:fn",
		"event_source_mapping": "event-source-mapping:00000000-0000-0000-0000-000000000000",
		"capacity_provider":    "capacity-provider:fn",
	} {
		play(t, "TestLambdaTag::test_tag_exceptions["+kind+"]", func(s *scenario) {
			at := "arn:aws:lambda:us-east-1:000000000000:" + resource
			_, name, _ := strings.Cut(resource, ":")
			s.call("not_found_exception_tag", "TagResource", object{"Resource": at, "Tags": object{"A": "B"}})
			s.call("not_found_exception_untag", "UntagResource", object{"Resource": at, "TagKeys": []string{"A"}})
			s.call("not_found_exception_list", "ListTags", object{"Resource": at})
			s.call("aliased_arn_exception", "TagResource", object{"Resource": at + ":alias", "Tags": object{"A": "B"}})
			s.call("invalid_arn_exception", "TagResource", object{"Resource": "arn:aws:lambda:us-east-1:000000000000:foobar:" + name, "Tags": object{"A": "B"}})
		})
	}
	play(t, "TestLambdaTags::test_tag_exceptions", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		a := object{"A": "B"}
		s.call("tag_lambda_invalidarn", "TagResource", object{"Resource": "arn:aws:something", "Tags": a})
		s.call("tag_lambda_doesnotexist", "TagResource", object{"Resource": arn("doesnotexist"), "Tags": a})
		s.call("tag_lambda_qualifier_doesnotexist", "TagResource", object{"Resource": arn("fn:1"), "Tags": a})
		s.call("list_tag_lambda_empty", "ListTags", resource)
		s.call("untag_nomatch", "UntagResource", keys("doesnotexist"))
		s.call("untag_empty_keys", "UntagResource", resource)
		s.call("tag_empty_tags", "TagResource", tags(object{}))
	})
	play(t, "TestLambdaTags::test_tag_limits", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("tag_lambda_too_many_tags", "TagResource", tags(many(51)))
		s.call("tag_response", "TagResource", tags(many(50)))
		s.call("list_tags_response", "ListTags", resource)
		s.call("get_fn_response", "GetFunction", fn)
		s.call("tag_lambda_too_many_tags_additional", "TagResource", tags(object{"a_key": "a_value"}))
		s.call("create_function_invalid_tags", "CreateFunction", s.parameters("other", object{"Tags": many(51)}))
	})
	play(t, "TestLambdaTags::test_tag_versions", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn", object{"Publish": true}))
		s.call("tag_resource_exception", "TagResource", object{"Resource": arn("fn:1"), "Tags": object{"key_b": "value_b"}})
		s.call("tag_resource_latest_exception", "TagResource", object{"Resource": arn("fn:$LATEST"), "Tags": object{"key_b": "value_b"}})
	})
	play(t, "TestLambdaTags::test_tag_lifecycle", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn", object{"Tags": object{"key_a": "value_a"}}))
		show := func(moment string) {
			s.call("list_tags_response_"+moment, "ListTags", resource)
			s.call("get_fn_response_"+moment, "GetFunction", fn)
		}
		show("postfncreate")
		s.call("tag_resource_response", "TagResource", tags(object{"key_b": "value_b", "key_c": "value_c", "key_d": "value_d", "key_e": "value_e"}))
		show("postaddtags")
		s.call("tag_resource_overwrite", "TagResource", tags(object{"key_b": "value_b", "key_c": "value_x"}))
		show("overwrite")
		s.do("UntagResource", keys("key_c", "key_d"))
		show("postuntag")
		s.do("UntagResource", keys("key_a", "key_b", "key_e"))
		show("postuntagall")
		s.do("DeleteFunction", fn)
		s.call("list_tags_postdelete", "ListTags", resource)
	})
	play(t, "TestLambdaTag::test_tag_nonexisting_resource", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("pre_delete_get_function", "GetFunction", object{"FunctionName": arn("fn")})
		s.do("DeleteFunction", fn)
		s.call("not_found_exception_tag", "TagResource", tags(object{"A": "B"}))
		s.call("not_found_exception_untag", "UntagResource", keys("A"))
		s.call("not_found_exception_list", "ListTags", resource)
	})
}

func TestRecordedReservations(t *testing.T) {
	reserve := func(name string, n int) object {
		return object{"FunctionName": name, "ReservedConcurrentExecutions": n}
	}
	fn := object{"FunctionName": "fn"}
	play(t, "TestLambdaReservedConcurrency::test_function_concurrency_exceptions", func(s *scenario) {
		s.call("put_function_concurrency_with_function_name_doesnotexist", "PutFunctionConcurrency", reserve("doesnotexist", 1))
		s.call("put_function_concurrency_with_function_name_doesnotexist_and_invalid_concurrency", "PutFunctionConcurrency", reserve("doesnotexist", 0))
		s.do("CreateFunction", s.parameters("fn"))
		s.call("put_function_concurrency_with_qualified_arn", "PutFunctionConcurrency", reserve(arn("fn:$LATEST"), 0))
	})
	play(t, "TestLambdaReservedConcurrency::test_function_concurrency_limits", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("put_function_concurrency_account_limit_exceeded", "PutFunctionConcurrency", reserve("fn", 1001))
		s.call("put_function_concurrency_below_unreserved_min_value", "PutFunctionConcurrency", reserve("fn", 1000))
	})
	play(t, "TestLambdaReservedConcurrency::test_function_concurrency", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("put_function_concurrency_with_reserved_0", "PutFunctionConcurrency", reserve("fn", 0))
		s.call("put_function_concurrency_with_reserved_1", "PutFunctionConcurrency", reserve("fn", 1))
		s.call("get_function_concurrency", "GetFunctionConcurrency", fn)
		s.call("delete_response", "DeleteFunctionConcurrency", fn)
		s.call("get_function_concurrency_after_delete", "GetFunctionConcurrency", fn)
		s.do("PutFunctionConcurrency", reserve("fn", 900))
	})
}
