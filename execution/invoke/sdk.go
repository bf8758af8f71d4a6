package invoke

import (
	"fmt"
	"regexp"
	"slices"
)

// AWS: the SDKs that Lambda's own runtimes have in them, "Runtime-included SDK
// versions" in the developer guide: boto3, for Node.js the third version from 18
// on, and before that the second. lamgate brings none along.
var (
	missingBoto = regexp.MustCompile(`No module named '(boto3|botocore)[.']`)
	missingNode = regexp.MustCompile(`Cannot find (?:module|package) '((?:@aws-sdk|@smithy)/[^/']+|aws-sdk)[/']`)
)

// missingSDK tells why a function fails here that would find AWS's SDK in
// Lambda's runtime, and what to do; nothing if that is not it.
func missingSDK(runtime, message string) (why, mend string) {
	const words = "; Lambda's runtime has %[1]s in it, lamgate's does not: the function must bring it"
	if m := missingBoto.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf(words, m[1]), fmt.Sprintf("pip install --target DIRECTORY-OF-THE-CODE %s, or name it in requirements.txt for sam build", m[1])
	}
	m := missingNode.FindStringSubmatch(message)
	if m == nil || (m[1] == "aws-sdk") != slices.Contains([]string{"nodejs16.x", "nodejs14.x", "nodejs12.x"}, runtime) {
		return "", ""
	}
	return fmt.Sprintf(words, m[1]), fmt.Sprintf("npm install %s beside the code, or have the bundler include it (esbuild without --external:%[1]s)", m[1])
}
