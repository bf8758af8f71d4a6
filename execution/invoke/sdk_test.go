package invoke

import (
	"strings"
	"testing"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/environment"
)

// A function that fails for the lack of what Lambda's runtime has is told so; its
// caller is not.
func TestMissingSDKIsExplained(t *testing.T) {
	for _, c := range []struct {
		runtime, kind, message string
		why, mend              string
	}{
		{"python3.12", "Runtime.ImportModuleError", "Unable to import module 'app': No module named 'boto3'", "Lambda's runtime has boto3 in it", "pip install --target DIRECTORY-OF-THE-CODE boto3"},
		{"python3.12", "ModuleNotFoundError", "No module named 'botocore.config'", "Lambda's runtime has botocore in it", "botocore"},
		{"python3.12", "ModuleNotFoundError", "No module named 'boto3_extras'", "", ""},
		{"python3.12", "ModuleNotFoundError", "No module named 'requests'", "", ""},
		{"nodejs22.x", "Runtime.ImportModuleError", "Error: Cannot find module '@aws-sdk/client-s3'\nRequire stack:\n- /var/task/index.js", "Lambda's runtime has @aws-sdk/client-s3 in it", "npm install @aws-sdk/client-s3 "},
		{"nodejs20.x", "Runtime.ImportModuleError", "Error [ERR_MODULE_NOT_FOUND]: Cannot find package '@smithy/types/x' imported from /var/task/index.mjs", "@smithy/types", "npm install @smithy/types "},
		{"nodejs16.x", "Error", "Cannot find module 'aws-sdk/clients/s3'", "Lambda's runtime has aws-sdk in it", "npm install aws-sdk "},
		{"nodejs18.x", "Error", "Cannot find module 'aws-sdk'", "", ""}, // nor does Lambda's
		{"nodejs16.x", "Error", "Cannot find module '@aws-sdk/client-s3'", "", ""},
	} {
		for _, cause := range []environment.Cause{environment.InitError, environment.FunctionError} {
			o := &environment.Outcome{Cause: cause}
			o.Payload = []byte(`{"errorType":"` + c.kind + `","errorMessage":"` + strings.ReplaceAll(c.message, "\n", `\n`) + `"}`)
			what, mend := endedOf(execution.FunctionRef{Name: "f"}, &execution.Configuration{Runtime: c.runtime}, o).Explain()
			if !strings.Contains(what, c.kind+": "+c.message) || !strings.Contains(what, c.why) || !strings.HasSuffix(mend, "lamgate logs f") && !strings.Contains(mend, c.mend) || (c.why == "") != (mend == "lamgate logs f") {
				t.Errorf("%s %s: %q, %q", c.runtime, c.message, what, mend)
			}
		}
	}
}
