package lambda

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRecordedFunctions(t *testing.T) {
	play(t, "TestLambdaFunction::test_function_lifecycle", func(s *scenario) {
		s.call("create_response", "CreateFunction", s.parameters("fn", object{"MemorySize": 256, "Timeout": 5}))
		fn := object{"FunctionName": "fn"}
		s.call("get_function_response", "GetFunction", fn)
		s.call("update_func_conf_response", "UpdateFunctionConfiguration", object{
			"FunctionName": "fn", "Runtime": "python3.11", "Description": "Changed-Description", "MemorySize": 512, "Timeout": 10,
			"Environment": object{"Variables": object{"ENV_A": "a"}},
		})
		s.call("get_function_response_postupdate", "GetFunction", fn)
		s.call("update_code_response", "UpdateFunctionCode", object{"FunctionName": "fn", "ZipFile": zipOf(s.t, "other.py")})
		s.call("get_function_response_postcodeupdate", "GetFunction", fn)
		s.call("delete_response", "DeleteFunction", fn)
		s.call("delete_postdelete", "DeleteFunction", fn)
	})
	play(t, "TestLambdaFunction::test_redundant_updates", func(s *scenario) {
		fn, update := object{"FunctionName": "fn"}, object{"FunctionName": "fn", "Description": "1st update description"}
		s.call("create_response", "CreateFunction", s.parameters("fn", object{"Description": "Initial description"}))
		s.call("first_update_result", "UpdateFunctionConfiguration", update)
		s.call("get_fn_config_result", "GetFunctionConfiguration", fn)
		s.call("get_fn_result", "GetFunction", fn)
		s.call("redundant_update_result", "UpdateFunctionConfiguration", update)
		s.call("get_fn_result_after_redundant_update", "GetFunction", fn)
	})
	play(t, "TestLambdaFunction::test_delete_on_nonexisting_version", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		version := object{"FunctionName": "fn", "Qualifier": "1233"}
		s.do("DeleteFunction", version)
		s.do("DeleteFunction", version)
		s.do("DeleteFunction", object{"FunctionName": "fn"})
		s.call("delete_function_response_non_existent", "DeleteFunction", object{"FunctionName": "fn"})
		s.call("delete_function_response_non_existent_with_qualifier", "DeleteFunction", version)
	})
	play(t, "TestLambdaFunction::test_lambda_code_location_zipfile", func(s *scenario) {
		s.call("create-response-zip-file", "CreateFunction", s.parameters("fn", bare, object{"Handler": "index.handler", "PackageType": "Zip"}))
		s.call("get-function-response", "GetFunction", object{"FunctionName": "fn"})
		s.call("update-function-response", "UpdateFunctionCode", object{"FunctionName": "fn", "ZipFile": zipOf(s.t, "other.py")})
		// get-function-response-updated shows the update on its way; lamgate's is
		// done by then.
	})
	play(t, "TestLambdaFunction::test_lambda_code_location_s3", func(s *scenario) {
		s.call("create_response_s3", "CreateFunction", s.parameters("fn", bare, object{"Handler": "index.handler", "Code": object{"S3Bucket": "zips", "S3Key": "a.py"}}))
		s.call("get-function-response", "GetFunction", object{"FunctionName": "fn"})
		s.call("update-function-response", "UpdateFunctionCode", object{"FunctionName": "fn", "S3Bucket": "zips", "S3Key": "b.py"})
		// get-function-response-updated: as above.
	})
	play(t, "TestLambdaFunction::test_lambda_code_location_s3_errors", func(s *scenario) {
		from := func(bucket string) object { return object{"S3Bucket": bucket, "S3Key": "code.zip"} }
		s.call("create-error-wrong-bucket", "CreateFunction", s.parameters("fn", object{"Code": from("nowhere")}))
		s.call("create-error-wrong-key", "CreateFunction", s.parameters("fn", object{"Code": from("empty")}))
		s.do("CreateFunction", s.parameters("fn"))
		s.call("update-error-wrong-bucket", "UpdateFunctionCode", object{"FunctionName": "fn", "S3Bucket": "nowhere", "S3Key": "code.zip"})
		s.call("update-error-wrong-key", "UpdateFunctionCode", object{"FunctionName": "fn", "S3Bucket": "empty", "S3Key": "code.zip"})
	})
	play(t, "TestLambdaFunction::test_function_arns", func(s *scenario) {
		s.call("create-function-arn-response", "CreateFunction", s.parameters(arn("first")))
		s.call("create-function-partial-arn-response", "CreateFunction", s.parameters("000000000000:function:second"))
		for step, name := range map[string]string{
			"invalid_function_name_exc":      "invalid:function:name",
			"long_function_name_exc":         strings.Repeat("a", 65),
			"long_function_arn_exc":          arn(strings.Repeat("b", 141-len(arn("")))),
			"function_arn_other_region_exc":  "arn:aws:lambda:ap-southeast-1:000000000000:function:fn",
			"function_arn_other_account_exc": "arn:aws:lambda:us-east-1:123456789012:function:fn",
		} {
			s.quiet(step, "CreateFunction", s.parameters(name, bare))
		}
	})
	play(t, "TestLambdaFunction::test_create_lambda_exceptions", func(s *scenario) {
		for _, c := range []struct {
			step   string
			change object
		}{
			{"invalid_role_arn_exc", object{"Role": "r1"}},
			{"invalid_runtime_exc", object{"Runtime": "non-existent-runtime"}},
			{"uppercase_runtime_exc", object{"Runtime": "PYTHON3.9"}},
			{"multiple_architectures", object{"Architectures": []string{"x86_64", "arm64"}}},
			{"uppercase_architecture", object{"Architectures": []string{"X86_64"}}},
			{"invalid_zip_exc", object{"Code": object{"ZipFile": "bm8gWklQIGZpbGU="}}},
		} {
			s.call(c.step, "CreateFunction", s.parameters("fn", bare, c.change))
		}
		// empty_architectures is refused by the client that recorded.
	})
	play(t, "TestLambdaFunction::test_update_lambda_exceptions", func(s *scenario) {
		s.do("CreateFunction", s.parameters("fn"))
		s.call("invalid_role_arn_exc", "UpdateFunctionConfiguration", object{"FunctionName": "fn", "Role": "r1"})
		s.call("invalid_runtime_exc", "UpdateFunctionConfiguration", object{"FunctionName": "fn", "Runtime": "non-existent-runtime"})
		s.call("uppercase_runtime_exc", "UpdateFunctionConfiguration", object{"FunctionName": "fn", "Runtime": "PYTHON3.9"})
	})
	play(t, "TestLambdaFunction::test_list_functions", func(s *scenario) {
		s.call("create_response_1", "CreateFunction", s.parameters("first", object{"Publish": true}))
		s.call("create_response_2", "CreateFunction", s.parameters("second"))
		s.call("list_functions_invalid_functionversion", "ListFunctions", object{"FunctionVersion": "invalid"})
		s.call("list_all", "ListFunctions", object{"FunctionVersion": "ALL"})
		s.call("list_default", "ListFunctions", nil)
	})
	play(t, "TestLambdaFunction::test_invalid_invoke", func(s *scenario) {
		s.call("invoke_function_name_pattern_exc", "Invoke", object{"FunctionName": "arn:aws:lambda:us-east-1:123400000000@function:myfn", "Payload": []byte("{}")})
	})
	for _, method := range []string{"delete_function", "get_function", "get_function_configuration"} {
		play(t, "TestLambdaFunction::test_ops_with_arn_qualifier_mismatch["+method+"]", func(s *scenario) {
			s.call("not_match_exception", operation(method), object{"FunctionName": arn("some-function:1"), "Qualifier": "$LATEST"})
			s.call("match_exception", operation(method), object{"FunctionName": arn("some-function:$LATEST"), "Qualifier": "$LATEST"})
		})
	}
	for _, method := range []string{"get_function", "get_function_configuration", "get_function_event_invoke_config"} {
		play(t, "TestLambdaFunction::test_ops_on_nonexisting_version["+method+"]", func(s *scenario) {
			s.do("CreateFunction", s.parameters("fn"))
			s.call("version_not_found_exception", operation(method), object{"FunctionName": "fn", "Qualifier": "1221"})
		})
	}
	all := []string{
		"delete_function", "get_function", "get_function_configuration", "get_function_url_config",
		"get_function_code_signing_config", "get_function_event_invoke_config", "get_function_concurrency",
	}
	for _, method := range all {
		play(t, "TestLambdaFunction::test_ops_on_nonexisting_fn["+method+"]", func(s *scenario) {
			s.call("not_found_exception", operation(method), object{"FunctionName": "fn"})
		})
	}
	for _, method := range append(all, "invoke") {
		play(t, "TestLambdaFunction::test_get_function_wrong_region["+method+"]", func(s *scenario) {
			s.call("wrong_region_exception", operation(method), object{"FunctionName": "arn:aws:lambda:eu-central-1:000000000000:function:fn"})
		})
	}
}

func TestRecordedSizes(t *testing.T) {
	variables := func(v object) object { return object{"Environment": object{"Variables": v}} }
	x := func(n int) string { return strings.Repeat("x", n) }
	play(t, "TestLambdaSizeLimits::test_large_environment_variables_fails", func(s *scenario) {
		s.call("failed_create_fn_result", "CreateFunction", s.parameters("fn", variables(object{"LARGE_VAR": x(4<<10 + 1 - len(`{"LARGE_VAR":""}`))})))
	})
	play(t, "TestLambdaSizeLimits::test_large_environment_fails_multiple_keys", func(s *scenario) {
		s.call("failured_create_fn_result_multi_key", "CreateFunction", s.parameters("fn", variables(object{"SMALL_VAR": "ok", "LARGE_VAR": x(4<<10 + 1 - len(`{"SMALL_VAR":"ok","LARGE_VAR":""}`))})))
	})
	play(t, "TestLambdaSizeLimits::test_lambda_envvars_near_limit_succeeds", func(s *scenario) {
		s.call("successful_create_fn_result", "CreateFunction", s.parameters("fn", variables(object{"LARGE_VAR": x(4<<10 - len(`{"LARGE_VAR":""}`))})))
	})
	play(t, "TestLambdaSizeLimits::test_oversized_zipped_create_lambda", func(s *scenario) {
		s.call("invalid_param_exc", "CreateFunction", s.parameters("fn", object{"Code": object{"ZipFile": base64.StdEncoding.EncodeToString(make([]byte, maxZipped+1))}}))
	})
	play(t, "TestLambdaSizeLimits::test_oversized_request_create_lambda", func(s *scenario) {
		s.call("invalid_param_exc", "CreateFunction", s.parameters("fn", variables(object{"LARGE": x(71 << 20)})))
	})
	play(t, "TestLambdaSizeLimits::test_oversized_unzipped_lambda", func(s *scenario) {
		s.call("invalid_param_exc", "CreateFunction", s.parameters("fn", object{"Code": object{"ZipFile": base64.StdEncoding.EncodeToString(bomb(s.t))}}))
	})
	play(t, "TestLambdaSizeLimits::test_oversized_lambda", func(s *scenario) {
		s.call("invalid_param_exc", "CreateFunction", s.parameters("fn", object{"Runtime": "python3.9", "Code": object{"ZipFile": base64.StdEncoding.EncodeToString(bomb(s.t))}}))
	})
	play(t, "TestLambdaSizeLimits::test_large_lambda", func(s *scenario) {
		s.recordedOnly = true // its code is random, so that it stays large
		noise := make([]byte, 2<<20)
		rand.Read(noise)
		code := base64.StdEncoding.EncodeToString(packed(s.t, map[string]string{"handler.py": string(noise)}))
		s.call("create_function_large_zip", "CreateFunction", s.parameters("fn", object{"Timeout": 10, "Environment": nil, "Code": object{"ZipFile": code}}))
	})
	play(t, "TestLambdaAccountSettings::test_account_settings", func(s *scenario) {
		answer := s.do("GetAccountSettings", nil)
		names := object{"ResponseMetadata": answer["ResponseMetadata"]}
		for _, part := range []string{"AccountLimit", "AccountUsage"} {
			list := []any{}
			for _, name := range slices.Sorted(maps.Keys(answer[part].(object))) {
				list = append(list, name)
			}
			names[part] = list
		}
		s.match("acc_settings_modded", names)
	})
	play(t, "TestLambdaAccountSettings::test_account_settings_total_code_size", func(s *scenario) {
		s.recordedOnly = true // its sizes are of other packages; what counts is that each adds its own
		added := func(operation string, params object) float64 {
			before := s.codeSize()
			s.do(operation, params)
			return s.codeSize() - before
		}
		for _, c := range []struct {
			operation string
			params    object
		}{
			{"CreateFunction", s.parameters("fn", object{"Publish": true})},
			{"PublishLayerVersion", s.layer("library")},
			{"PublishLayerVersion", s.layer("library")},
		} {
			if added(c.operation, c.params) <= 0 {
				s.t.Errorf("%s adds nothing", c.operation)
			}
		}
	})
	play(t, "TestLambdaAccountSettings::test_account_settings_total_code_size_config_update", func(s *scenario) {
		s.recordedOnly = true
		added := func(operation string, params object) float64 {
			before := s.codeSize()
			s.do(operation, params)
			return s.codeSize() - before
		}
		// Each version counts, though it shares its package with another.
		got := object{
			"is_total_code_size_diff_create_function_more_than_200":                     added("CreateFunction", s.parameters("fn", object{"Publish": true})) > 200,
			"total_code_size_diff_update_function_configuration":                        added("UpdateFunctionConfiguration", object{"FunctionName": "fn", "Description": "new"}),
			"is_total_code_size_diff_publish_version_after_config_update_more_than_200": added("PublishVersion", object{"FunctionName": "fn"}) > 100,
		}
		want := object{}
		for step := range got {
			s.seen[step], want[step] = true, true
		}
		want["total_code_size_diff_update_function_configuration"] = 0.0
		if s.recorded != nil {
			want = s.recorded
		}
		if diff := cmp.Diff(want, got); diff != "" {
			s.t.Error(diff)
		}
	})
}

// codeSize is how much code the account has stored.
func (s *scenario) codeSize() float64 {
	s.t.Helper()
	return s.do("GetAccountSettings", nil)["AccountUsage"].(object)["TotalCodeSize"].(float64)
}

// operation returns the name of the operation behind a method of Python's SDK.
func operation(method string) string {
	words := strings.Split(method, "_")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}

// quiet is call without a place in the golden file: for steps in no order.
func (s *scenario) quiet(step, operation string, params object) {
	s.t.Helper()
	kept := s.steps
	s.call(step, operation, params)
	s.steps = kept
}

// Names and qualifiers that are wrong in one way or another. The recordings
// have lists of what is wrong instead of AWS's sentence.
func TestRecordedNamesAndQualifiers(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	for _, c := range []struct{ name, function, qualifier string }{
		{"function_name_is_single_invalid", "*", ""},
		{"invalid_characters_in_function_name", "my-function!", ""},
		{"invalid_characters_in_qualifier", "my-function", "invalid!"},
		{"qualifier_too_long0", "my-function", long(129)},
		{"qualifier_too_long", "my-function", long(129)},
		{"invalid_account_id_in_partial_arn", "invalid-account:function:my-function", ""},
		{"invalid_region_in_arn", "arn:aws:lambda:invalid-region:000000000000:function:my-function", ""},
		{"non_lambda_arn", "arn:aws:ec2:us-east-1:000000000000:instance:i-1234567890abcdef0", ""},
		{"function_name_too_long", long(65), ""},
		{"function_name_too_long_and_invalid_region", "arn:aws:lambda:invalid-region:000000000000:function:my-function" + long(170), ""},
		{"full_arn_and_qualifier_too_long_and_invalid_region", "arn:aws:lambda:invalid-region:000000000000:function:my-function-" + long(170), long(129)},
		{"full_arn_with_multiple_qualifiers", arn("my-function:1:2"), ""},
		{"incomplete_arn", "function", ""},
		{"partial_arn_with_extra_qualifier", "function:my-function:$LATEST:extra", ""},
		{"latest_version_with_additional_qualifier", arn("my-function:$LATEST"), "1"},
		{"lowercase_latest_qualifier", arn("my-function"), "$latest"},
		{"missing_region_in_arn", "arn:aws:lambda::000000000000:function:my-function", ""},
		{"missing_account_id_in_arn", "arn:aws:lambda:us-east-1::function:my-function", ""},
		{"misspelled_latest_in_arn", arn("my-function:$LATES"), ""},
		{"qualifier_too_long1", "my-function", long(65)},
		{"function_name_and_qualifier_too_long", "my-function", long(65)},
	} {
		for _, method := range []string{"get_function", "delete_function", "invoke", "create_function"} {
			play(t, "TestLambdaFunction::test_function_name_and_qualifier_validation["+c.name+"-"+method+"]", func(s *scenario) {
				s.recordedOnly = true
				params := object{"FunctionName": c.function}
				if c.qualifier != "" {
					params["Qualifier"] = c.qualifier
				}
				if method == "create_function" {
					name := c.function
					if c.qualifier != "" {
						name += ":" + c.qualifier
					}
					params = s.parameters(name, bare)
				}
				step := method + "_exception"
				if s.recorded[step] == nil {
					return // AWS takes it
				}
				answer := s.send(operation(method), params)
				if answer["Error"] == nil && method == "invoke" {
					return // refused by the execution plane, which is not here
				}
				s.match(step, s.listed(answer))
			})
		}
	}
}

// listed puts a fault into the form of these recordings.
func (s *scenario) listed(answer object) object {
	fault, _ := answer["Error"].(object)
	message, _ := fault["Message"].(string)
	kept := object{"Code": fault["Code"]}
	_, list, ok := strings.Cut(message, "detected: ")
	if !ok {
		kept["Message"] = message
	} else {
		// What is wrong with the qualifier comes first in these recordings.
		errors := []any{}
		for _, e := range strings.Split(list, "; ") {
			if strings.Contains(e, "at 'qualifier'") {
				errors = slices.Insert(errors, 0, any(e))
			} else {
				errors = append(errors, e)
			}
		}
		kept["Count"], kept["Errors"] = float64(len(errors)), errors
	}
	return kept
}

var repeated = regexp.MustCompile(`<a:len\((\d+)\)>`)

// spelled writes out what recordings have abbreviated.
func spelled(s string) string {
	return repeated.ReplaceAllStringFunc(s, func(m string) string {
		var n int
		fmt.Sscanf(m, "<a:len(%d)>", &n)
		return strings.Repeat("a", n)
	})
}
