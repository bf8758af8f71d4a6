package lambda

import (
	"fmt"
	"strings"
	"testing"
)

func TestRecordedEventInvokeConfigs(t *testing.T) {
	fn := object{"FunctionName": "fn"}
	config := func(name string, changes ...object) object {
		p := object{"FunctionName": name}
		for _, c := range changes {
			for k, v := range c {
				p[k] = v
			}
		}
		return p
	}
	retries := func(n int) object { return object{"MaximumRetryAttempts": n} }
	age := func(n int) object { return object{"MaximumEventAgeInSeconds": n} }
	qualifier := func(q string) object { return object{"Qualifier": q} }
	const put, update = "PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig"
	const get, remove, list = "GetFunctionEventInvokeConfig", "DeleteFunctionEventInvokeConfig", "ListFunctionEventInvokeConfigs"
	play(t, "TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_lifecycle", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("put_invokeconfig_retries_0", put, config("fn", retries(0)))
		s.call("put_invokeconfig_eventage_60", put, config("fn", age(60)))
		s.call("update_invokeconfig_eventage_nochange", update, config("fn", age(60)))
		s.call("update_invokeconfig_retries", update, config("fn", retries(1)))
		s.call("get_invokeconfig", get, fn)
		s.call("get_invokeconfig_latest", get, config("fn", qualifier("$LATEST")))
		s.call("list_single_invokeconfig", list, fn)
		s.call("publish_version_result", "PublishVersion", fn)
		s.call("get_invokeconfig_postpublish", get, config("fn", qualifier("1")))
		s.call("put_published_invokeconfig", put, config("fn", qualifier("1"), age(120)))
		s.call("get_published_invokeconfig", get, config("fn", qualifier("1")))
		s.do(remove, fn)
		s.call("list_paging_nolimit_postdelete", list, fn)
	})
	play(t, "TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_exceptions", func(s *scenario) {
		s.permitRole("lambda:InvokeFunction")
		s.do("CreateFunction", s.parameters("fn"))
		s.do("CreateFunction", s.parameters("fn-2"))
		s.call("fn_version_result", "PublishVersion", fn)
		s.call("fn_alias_result", "CreateAlias", object{"FunctionName": "fn", "Name": "eventinvokealias", "FunctionVersion": "1"})
		on := func(when, target string) object {
			d := object{}
			if target != "" {
				d["Destination"] = target
			}
			return object{"DestinationConfig": object{when: d}}
		}
		alias := arn("fn:eventinvokealias")
		for _, c := range []struct {
			step   string
			params object
		}{
			{"put_functionname_name_notfound", config("doesnotexist", retries(1))},
			{"put_functionname_arn_notfound", config(arn("doesnotexist"), retries(1))},
			{"put_functionname_nootherargs", config("doesnotexist")},
			{"put_destination_lambda_doesntexist", config("fn", on("OnSuccess", arn("doesnotexist")))},
			{"put_destination_recursive", config("fn", on("OnSuccess", arn("fn")))},
			{"put_destination_other_lambda", config("fn", on("OnSuccess", arn("fn-2")))},
			{"put_destination_invalid_service_arn", config("fn", on("OnSuccess", "arn:aws:iam:us-east-1:000000000000:function:fn"))},
			{"put_destination_success_no_destination_arn", config("fn", on("OnSuccess", ""))},
			{"put_destination_failure_no_destination_arn", config("fn", on("OnFailure", ""))},
			{"put_destination_invalid_arn_pattern", config("fn", on("OnFailure", "arn:aws:_-/!lambda:us-east-1:000000000000:function:fn"))},
			{"put_destination_latest", config("fn", retries(1))},
			{"put_destination_latest_explicit_qualifier", config("fn", retries(1), qualifier("$LATEST"))},
			{"put_destination_version", config("fn", retries(1), qualifier("1"))},
			{"put_alias_functionname_qualifier", config("fn", retries(1), qualifier("eventinvokealias"))},
			{"put_alias_doesnotexist", config("fn", retries(1), qualifier("eventinvokealiasdoesnotexist"))},
			{"put_alias_qualifiedarn", config(alias, retries(1))},
			{"put_alias_qualifiedarn_qualifier", config(alias, retries(1), qualifier("eventinvokealias"))},
			{"put_alias_qualifiedarn_qualifierconflict", config(alias, retries(1), qualifier("eventinvokealiasdoesnotexist"))},
			{"put_alias_shorthand", config("fn:eventinvokealias", retries(1))},
			{"put_alias_shorthand_qualifier", config("fn:eventinvokealias", retries(1), qualifier("eventinvokealias"))},
			{"put_alias_shorthand_qualifierconflict", config("fn:eventinvokealias", retries(1), qualifier("eventinvokealiasdoesnotexist"))},
			{"put_version_shorthand", config("fn:1", retries(1))},
			{"put_shorthand_qualifier_match", config("fn:$LATEST", retries(1), qualifier("$LATEST"))},
			{"put_shorthand_qualifier_mismatch_1", config("fn:1", retries(1), qualifier("$LATEST"))},
			{"put_shorthand_qualifier_mismatch_2", config("fn:$LATEST", retries(1), qualifier("1"))},
			{"put_shorthand_qualifier_mismatch_3", config("fn:1", retries(1), qualifier("eventinvokealias"))},
			{"put_maxevent_maxvalue_result", config("fn", retries(2), age(21600))},
			{"put_pre_overwrite", config("fn", retries(2), age(60))},
			{"put_post_overwrite", config("fn", retries(0))},
			{"second_overwrite_existing_response", config("fn", retries(0))},
		} {
			s.call(c.step, put, c.params)
		}
		s.call("get_post_overwrite", get, fn)
		s.call("pre_update_response", put, config("fn", retries(2), age(60)))
		s.call("update_response", update, config("fn", retries(0)))
		s.call("update_response_existing", update, config("fn", retries(0)))
		s.call("list_configs", list, fn)
		s.call("delete_latest", remove, config("fn", qualifier("$LATEST")))
		s.call("delete_version", remove, config("fn", qualifier("1")))
		s.call("delete_alias", remove, config("fn", qualifier("eventinvokealias")))
		s.call("list_configs_postdelete", list, fn)
		s.call("delete_function_not_found", remove, fn)
		s.call("delete_function_doesnotexist", remove, config("doesnotexist"))
		s.call("list_function_doesnotexist", list, config("doesnotexist"))
		s.call("get_function_doesnotexist", get, config("doesnotexist"))
		s.call("get_qualifier_doesnotexist", get, config("fn", qualifier("doesnotexist")))
		s.call("update_eventinvokeconfig_function_doesnotexist", update, config("doesnotexist", retries(0)))
		s.call("get_eventinvokeconfig_doesnotexist", get, config(alias))
		s.call("update_eventinvokeconfig_config_doesnotexist_with_qualifier", update, config(alias, retries(0)))
		s.call("update_eventinvokeconfig_config_doesnotexist_without_qualifier", update, config(arn("fn"), retries(0)))
	})
}

func TestRecordedFunctionURLs(t *testing.T) {
	fn := object{"FunctionName": "fn"}
	node := object{"Handler": "lambda_handler.handler", "Runtime": "nodejs20.x"}
	create := func(name string, alias ...string) object {
		p := object{"FunctionName": name, "AuthType": "NONE"}
		if len(alias) > 0 {
			p["Qualifier"] = alias[0]
		}
		return p
	}
	prepared := func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn", node))
		s.call("fn_version_result", "PublishVersion", fn)
		s.call("create_alias_result", "CreateAlias", object{"FunctionName": "fn", "Name": "urlalias", "FunctionVersion": "1"})
	}
	play(t, "TestLambdaUrl::test_url_config_exceptions", func(s *scenario) {
		prepared(s)
		for _, operation := range []struct{ step, name string }{
			{"create_function_url_config", "CreateFunctionUrlConfig"}, {"get_function_url_config", "GetFunctionUrlConfig"},
			{"delete_function_url_config", "DeleteFunctionUrlConfig"}, {"update_function_url_config", "UpdateFunctionUrlConfig"},
		} {
			for _, c := range []struct{ step, name, qualifier string }{
				{"name_doesnotexist", "doesnotexist", ""},
				{"arn_doesnotexist", arn("doesnotexist"), ""},
				{"name_doesnotexist_qualifier", "doesnotexist", "1"},
				{"qualifier_version", "fn", "1"},
				{"qualifier_version_doesnotexist", "fn", "2"},
				{"qualifier_alias_doesnotexist", "fn", "v1"},
				{"qualifier_alias_doesnotmatch_arn", "fn:urlalias-doesnotmatch", "urlalias"},
				{"qualifier_latest", "fn", "$LATEST"},
				{"config_doesnotexist", "fn", ""},
			} {
				params := create(c.name, c.qualifier)
				if c.qualifier == "" {
					delete(params, "Qualifier")
				}
				if c.step == "config_doesnotexist" && operation.name == "CreateFunctionUrlConfig" {
					continue
				}
				if c.step == "qualifier_alias_doesnotmatch_arn" && operation.name == "DeleteFunctionUrlConfig" {
					continue // AWS fails
				}
				s.call(operation.step+"_"+c.step, operation.name, params)
			}
		}
	})
	play(t, "TestLambdaUrl::test_url_config_list_paging", func(s *scenario) {
		prepared(s)
		s.call("list_function_notfound", "ListFunctionUrlConfigs", object{"FunctionName": "doesnotexist"})
		s.call("list_all_empty", "ListFunctionUrlConfigs", fn)
		s.call("url_config_fn", "CreateFunctionUrlConfig", create("fn"))
		s.call("url_config_alias", "CreateFunctionUrlConfig", create("fn:urlalias", "urlalias"))
		s.call("list_all", "ListFunctionUrlConfigs", fn)
	})
	play(t, "TestLambdaUrl::test_url_config_lifecycle", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn", node))
		s.call("url_creation", "CreateFunctionUrlConfig", create("fn"))
		s.call("failed_duplication", "CreateFunctionUrlConfig", create("fn"))
		s.call("get_url_config", "GetFunctionUrlConfig", fn)
		s.call("updated_url_config", "UpdateFunctionUrlConfig", object{"FunctionName": "fn", "AuthType": "AWS_IAM"})
		s.do("DeleteFunctionUrlConfig", fn)
		s.call("failed_getter", "GetFunctionUrlConfig", fn)
	})
	play(t, "TestLambdaUrl::test_url_config_deletion_without_qualifier", func(s *scenario) {
		alias := object{"FunctionName": "fn", "Qualifier": "test-alias"}
		s.do("CreateFunction", s.parameters("fn", node, object{"Publish": true}))
		s.do("CreateAlias", object{"FunctionName": "fn", "Name": "test-alias", "FunctionVersion": "1"})
		s.call("url_creation", "CreateFunctionUrlConfig", create("fn"))
		s.call("url_with_alias_creation", "CreateFunctionUrlConfig", create("fn", "test-alias"))
		s.call("get_url_config", "GetFunctionUrlConfig", fn)
		s.call("get_url_config_with_alias", "GetFunctionUrlConfig", alias)
		s.call("delete_function_url_config", "DeleteFunctionUrlConfig", fn)
		s.call("get_url_config_after_deletion", "GetFunctionUrlConfig", fn)
		s.call("get_url_config_with_alias_after_deletion", "GetFunctionUrlConfig", alias)
	})
}

func TestRecordedProvisionedConcurrency(t *testing.T) {
	fn := object{"FunctionName": "fn"}
	at := func(name, qualifier string) object { return object{"FunctionName": name, "Qualifier": qualifier} }
	put := func(name, qualifier string, n int) object {
		return object{"FunctionName": name, "Qualifier": qualifier, "ProvisionedConcurrentExecutions": n}
	}
	const putting, getting = "PutProvisionedConcurrencyConfig", "GetProvisionedConcurrencyConfig"
	const removing, listing = "DeleteProvisionedConcurrencyConfig", "ListProvisionedConcurrencyConfigs"
	play(t, "TestLambdaProvisionedConcurrency::test_provisioned_concurrency_exceptions", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("publish_version_result", "PublishVersion", fn)
		s.call("get_provisioned_config_doesnotexist", getting, at("fn", "1"))
		s.call("get_provisioned_functionname_doesnotexist", getting, at("doesnotexist", "noalias"))
		s.call("get_provisioned_qualifier_doesnotexist", getting, at("fn", "noalias"))
		s.call("get_provisioned_version_doesnotexist", getting, at("fn", "10"))
		s.call("get_provisioned_latest", getting, at("fn", "$LATEST"))
		s.call("list_provisioned_noconfigs", listing, fn)
		s.call("list_provisioned_functionname_doesnotexist", listing, object{"FunctionName": "doesnotexist"})
		s.call("delete_provisioned_functionname_doesnotexist", removing, at("doesnotexist", "1"))
		s.call("delete_provisioned_qualifier_doesnotexist", removing, at("fn", "noalias"))
		s.call("delete_provisioned_version_doesnotexist", removing, at("fn", "10"))
		s.call("delete_provisioned_latest", removing, at("fn", "$LATEST"))
		s.call("delete_provisioned_config_doesnotexist", removing, at("fn", "1"))
		s.call("put_provisioned_invalid_param_0", putting, put("fn", "1", 0))
		s.call("put_provisioned_functionname_doesnotexist_alias", putting, put("doesnotexist", "noalias", 1))
		s.call("put_provisioned_functionname_doesnotexist_version", putting, put("doesnotexist", "1", 1))
		s.call("put_provisioned_qualifier_doesnotexist", putting, put("fn", "doesnotexist", 1))
		s.call("put_provisioned_version_doesnotexist", putting, put("fn", "10", 1))
		s.call("put_provisioned_latest", putting, put("fn", "$LATEST", 1))
	})
	play(t, "TestLambdaProvisionedConcurrency::test_provisioned_concurrency_limits", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn", object{"Publish": true}))
		s.call("put_provisioned_concurrency_account_limit_exceeded", putting, put("fn", "1", 1001))
		s.call("put_provisioned_concurrency_below_unreserved_min_value", putting, put("fn", "1", 1000))
	})
	play(t, "TestLambdaProvisionedConcurrency::test_lambda_provisioned_lifecycle", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("publish_version_result", "PublishVersion", fn)
		s.call("create_alias_result", "CreateAlias", object{"FunctionName": "fn", "Name": "live", "FunctionVersion": "1"})
		s.call("put_provisioned_on_version", putting, put("fn", "1", 1))
		s.call("put_provisioned_on_alias_versionconflict", putting, put("fn", "live", 1))
		s.call("delete_provisioned_version", removing, at("fn", "1"))
		s.call("get_provisioned_version_postdelete", getting, at("fn", "1"))
		s.call("put_provisioned_on_alias", putting, put("fn", "live", 1))
		s.call("put_provisioned_on_version_conflict", putting, put("fn", "1", 1))
		s.call("delete_alias_result", "DeleteAlias", object{"FunctionName": "fn", "Name": "live"})
		s.call("get_provisioned_alias_postaliasdelete", getting, at("fn", "live"))
		s.call("list_response_postdeletes", listing, fn)
	})
}

func TestRecordedCodeSigning(t *testing.T) {
	create := object{
		"Description":         "Testing CodeSigning Config",
		"AllowedPublishers":   object{"SigningProfileVersionArns": []string{"arn:aws:signer:us-east-1:000000000000:/signing-profiles/test"}},
		"CodeSigningPolicies": object{"UntrustedArtifactOnDeployment": "Enforce"},
	}
	config := func(answer object) object {
		return object{"CodeSigningConfigArn": answer["CodeSigningConfig"].(object)["CodeSigningConfigArn"]}
	}
	and := func(o object, more object) object {
		c := object{}
		for _, m := range []object{o, more} {
			for k, v := range m {
				c[k] = v
			}
		}
		return c
	}
	fn, nobody := object{"FunctionName": "fn"}, object{"FunctionName": "csc-test-doesnotexist"}
	play(t, "TestCodeSigningConfig::test_function_code_signing_config", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		csc := config(s.call("create_code_signing_config", "CreateCodeSigningConfig", create))
		s.call("update_code_signing_config", "UpdateCodeSigningConfig", and(csc, object{"CodeSigningPolicies": object{"UntrustedArtifactOnDeployment": "Warn"}}))
		s.call("get_code_signing_config", "GetCodeSigningConfig", csc)
		s.call("put_function_code_signing_config", "PutFunctionCodeSigningConfig", and(csc, fn))
		s.call("get_function_code_signing_config", "GetFunctionCodeSigningConfig", fn)
		s.match("list_code_signing_configs", s.do("ListCodeSigningConfigs", nil)["CodeSigningConfigs"].([]any)[0].(object))
		s.call("list_functions_by_code_signing_config", "ListFunctionsByCodeSigningConfig", csc)
		s.call("delete_function_code_signing_config", "DeleteFunctionCodeSigningConfig", fn)
		s.call("delete_code_signing_config", "DeleteCodeSigningConfig", csc)
	})
	play(t, "TestCodeSigningConfig::test_code_signing_not_found_excs", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		csc := config(s.call("create_code_signing_config", "CreateCodeSigningConfig", create))
		unknown := object{"CodeSigningConfigArn": "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-aaaaaaaaaaaaaaaaa"}
		s.call("delete_csc_notfound", "DeleteCodeSigningConfig", unknown)
		s.call("nothing_to_delete_response", "DeleteFunctionCodeSigningConfig", fn)
		s.call("delete_function_csc_fnnotfound", "DeleteFunctionCodeSigningConfig", nobody)
		s.call("put_function_csc_invalid_fnname", "PutFunctionCodeSigningConfig", and(csc, nobody))
		s.call("put_function_csc_invalid_csc_arn", "PutFunctionCodeSigningConfig", and(unknown, fn))
		s.call("put_function_csc_invalid_both", "PutFunctionCodeSigningConfig", and(unknown, nobody))
		s.call("update_csc_invalid_csc_arn", "UpdateCodeSigningConfig", and(unknown, object{"Description": "new"}))
		s.call("update_csc_noupdates", "UpdateCodeSigningConfig", unknown)
		s.call("update_csc_noupdate_response", "UpdateCodeSigningConfig", csc)
		s.call("get_csc_invalid", "GetCodeSigningConfig", unknown)
		s.call("get_function_csc_fnwithoutcsc", "GetFunctionCodeSigningConfig", fn)
		s.call("get_function_csc_nonexistingfn", "GetFunctionCodeSigningConfig", nobody)
		s.call("list_functions_by_csc_fnwithoutcsc", "ListFunctionsByCodeSigningConfig", csc)
		s.call("list_functions_by_csc_invalid_cscarn", "ListFunctionsByCodeSigningConfig", unknown)
	})
}

func TestRecordedLogging(t *testing.T) {
	fn := object{"FunctionName": "fn"}
	logging := func(c object) object { return object{"LoggingConfig": c} }
	update := func(c object) object { return object{"FunctionName": "fn", "LoggingConfig": c} }
	created := func(s *scenario, changes ...object) {
		s.call("create_response", "CreateFunction", s.parameters("fn", append(changes, object{"MemorySize": 256, "Timeout": 5})...))
		s.call("get_function_response", "GetFunction", fn)
		s.call("function_config", "GetFunctionConfiguration", fn)
	}
	changed := func(s *scenario, suffix string, c object) {
		s.call("updated_config"+suffix, "UpdateFunctionConfiguration", update(c))
		s.call("received_config"+suffix, "GetFunctionConfiguration", fn)
	}
	play(t, "TestLoggingConfig::test_function_advanced_logging_configuration", func(s *scenario) {
		created(s, logging(object{"LogFormat": "JSON"}))
		changed(s, "", object{"LogGroup": "cool_lambda"})
	})
	play(t, "TestLoggingConfig::test_advanced_logging_configuration_format_switch", func(s *scenario) {
		created(s)
		changed(s, "", object{"LogFormat": "JSON"})
		changed(s, "_v2", object{"LogFormat": "Text"})
	})
	for i, c := range []object{
		{"LogFormat": "JSON"},
		{"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"},
		{"LogFormat": "JSON", "SystemLogLevel": "DEBUG"},
		{"LogGroup": "cool_lambda"},
	} {
		play(t, fmt.Sprintf("TestLoggingConfig::test_function_partial_advanced_logging_configuration_update[partial_config%d]", i), func(s *scenario) {
			created(s)
			changed(s, "", c)
		})
	}
}

func TestRecordedSnapStart(t *testing.T) {
	java := object{"Handler": "echo.Handler", "MemorySize": 1024, "Timeout": 5, "Environment": nil}
	for runtime, handler := range map[string]string{
		"java11": "echo.Handler", "java17": "echo.Handler", "java21": "echo.Handler", "java25": "echo.Handler", "python3.12": "handler.handler",
		"python3.13": "handler.handler", "dotnet8": "dotnet::Dotnet.Function::FunctionHandler", "dotnet10": "dotnet::Dotnet.Function::FunctionHandler",
	} {
		with := object{"Runtime": runtime, "Handler": handler}
		play(t, "TestLambdaSnapStart::test_snapstart_lifecycle["+runtime+"]", func(s *scenario) {
			s.call("create_function_response", "CreateFunction", s.parameters("fn", java, with))
			s.do("PublishVersion", object{"FunctionName": "fn", "Description": "version1"})
			s.call("get_function_response_latest", "GetFunction", object{"FunctionName": "fn"})
			s.call("get_function_response_version_1", "GetFunction", object{"FunctionName": "fn:1"})
		})
		play(t, "TestLambdaSnapStart::test_snapstart_update_function_configuration["+runtime+"]", func(s *scenario) {
			s.call("create_function_response", "CreateFunction", s.parameters("fn", java, with))
			s.call("update_function_response", "UpdateFunctionConfiguration", object{"FunctionName": "fn", "SnapStart": object{"ApplyOn": "PublishedVersions"}})
		})
	}
	play(t, "TestLambdaSnapStart::test_snapstart_exceptions", func(s *scenario) {
		s.call("create_function_invalid_snapstart_apply", "CreateFunction", s.parameters("fn", java, object{"Runtime": "java11", "SnapStart": object{"ApplyOn": "invalidOption"}}))
	})
}

func TestRecordedRecursion(t *testing.T) {
	put := func(v string) object { return object{"FunctionName": "fn", "RecursiveLoop": v} }
	play(t, "TestLambdaRecursion::test_put_function_recursion_config_allow", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("put_recursion_config_response", "PutFunctionRecursionConfig", put("Allow"))
		s.call("get_recursion_config_response", "GetFunctionRecursionConfig", object{"FunctionName": "fn"})
	})
	play(t, "TestLambdaRecursion::test_put_function_recursion_config_default_terminate", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("get_recursion_default_terminate_response", "GetFunctionRecursionConfig", object{"FunctionName": "fn"})
	})
	play(t, "TestLambdaRecursion::test_put_function_recursion_config_invalid_value", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("put_recursion_invalid_value_error", "PutFunctionRecursionConfig", put("InvalidValue"))
	})
}

func TestRecordedRetiredRuntimes(t *testing.T) {
	for _, runtime := range []string{"java8", "go1.x", "provided", "ruby2.7", "nodejs14.x", "python3.7", "dotnetcore3.1", "nodejs12.x"} {
		play(t, "TestRuntimeValidation::test_create_deprecated_function_runtime_with_validation_enabled["+runtime+"]", func(s *scenario) {
			s.StrictRuntimes = true
			s.call("deprecation_error", "CreateFunction", s.parameters("fn", object{"Runtime": runtime}))
		})
	}
}

func TestRecordedEventSourceMappings(t *testing.T) {
	play(t, "TestLambdaEventSourceMappings::test_event_source_mapping_exceptions", func(s *scenario) {
		unknown := object{"UUID": "4f3a7b1c-0000-4000-8000-000000000000"}
		s.call("get_unknown_uuid", "GetEventSourceMapping", unknown)
		s.call("delete_unknown_uuid", "DeleteEventSourceMapping", unknown)
		s.call("update_unknown_uuid", "UpdateEventSourceMapping", object{"UUID": unknown["UUID"], "Enabled": false})
		// Mappings cannot be made.
	})
}

func TestRecordedImages(t *testing.T) {
	const first, second = "registry.local/first:latest", "registry.local/second:latest"
	fn := object{"FunctionName": "fn"}
	with := func(s *scenario) {
		store := newImages(map[string]string{first: "sha256:" + strings.Repeat("f", 64), second: "sha256:" + strings.Repeat("b", 64)})
		for _, come := range store.come {
			for range cap(come) {
				come <- nil
			}
		}
		s.Images = store
	}
	made := object{
		"Runtime": nil, "Handler": nil, "Timeout": nil, "Code": object{"ImageUri": first}, "PackageType": "Image",
		"Environment": object{"Variables": object{"CUSTOM_ENV": "test"}},
	}
	both := func(s *scenario, code, config string) {
		s.work.Wait()
		s.call(code, "GetFunction", fn)
		s.call(config, "GetFunctionConfiguration", fn)
	}
	play(t, "TestLambdaImages::test_lambda_image_crud", func(s *scenario) {
		with(s)
		s.call("create-image-response", "CreateFunction", s.parameters("fn", made))
		both(s, "get-function-code-response", "get-function-config-response")
		s.call("image-to-zipfile-error", "UpdateFunctionCode", object{"FunctionName": "fn", "ZipFile": zipOf(s.t, "a.py")})
		s.call("update-function-code-response", "UpdateFunctionCode", object{"FunctionName": "fn", "ImageUri": second})
		both(s, "get-function-code-response-after-update", "get-function-config-response-after-update")
	})
	play(t, "TestLambdaImages::test_lambda_image_and_image_config_crud", func(s *scenario) {
		with(s)
		configure := func(c object) object { return object{"FunctionName": "fn", "ImageConfig": c} }
		s.call("create-image-with-config-response", "CreateFunction", s.parameters("fn", made, object{
			"ImageConfig": object{"EntryPoint": []string{"sh"}, "Command": []string{"-c", "echo test"}, "WorkingDirectory": "/app1"},
		}))
		both(s, "get-function-code-with-config-response", "get-function-config-with-config-response")
		s.call("update-function-code-response", "UpdateFunctionConfiguration", configure(object{"Command": []string{"-c", "echo test1"}, "WorkingDirectory": "/app1"}))
		both(s, "get-function-code-response-after-update", "get-function-config-response-after-update")
		s.call("update-function-code-delete-imageconfig-response", "UpdateFunctionConfiguration", configure(object{}))
		both(s, "get-function-code-response-after-delete-imageconfig", "get-function-config-response-after-delete-imageconfig")
	})
	play(t, "TestLambdaImages::test_lambda_zip_file_to_image", func(s *scenario) {
		with(s)
		s.call("create-image-response", "CreateFunction", s.parameters("fn", bare))
		both(s, "get-function-code-response", "get-function-config-response")
		s.call("zipfile-to-image-error", "UpdateFunctionCode", object{"FunctionName": "fn", "ImageUri": first})
		both(s, "get-function-code-response-after-update", "get-function-config-response-after-update")
	})
	play(t, "TestLambdaImages::test_lambda_image_versions", func(s *scenario) {
		with(s)
		describe := func(text string) object { return object{"FunctionName": "fn", "Description": text} }
		s.call("create_image_response", "CreateFunction", s.parameters("fn", made, object{"Publish": true}))
		s.work.Wait()
		is := s.call("get_function_result", "GetFunction", fn)["Configuration"].(object)["CodeSha256"]
		s.call("list_versions_result", "ListVersionsByFunction", fn)
		s.call("first_update_response", "UpdateFunctionConfiguration", describe("Second version :)"))
		s.call("first_update_get_function", "GetFunction", fn)
		second := describe("Second version description :)")
		second["CodeSha256"] = strings.Repeat("a", 64)
		s.call("invalid_sha_publish", "PublishVersion", second)
		second["CodeSha256"] = is
		s.call("first_publish_response", "PublishVersion", second)
		s.call("second_update_response", "UpdateFunctionConfiguration", describe("Third version :)"))
		s.call("second_update_get_function", "GetFunction", fn)
		s.call("second_publish_response", "PublishVersion", describe("Third version description :)"))
	})
}
