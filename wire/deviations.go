package wire

import (
	"errors"
	"net/http"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/aws"
)

// quirks are what a service does that its model does not say. All of them stand
// in this file; where the wire asks for one it says only which.
type quirks struct {
	validationCode string // of a fault of the validator; empty: the service checks its input itself
	bodyPrefix     bool   // member paths begin with the operation's name if they stand in the body
	enumOrder      map[string][]string
	patterns       map[string]string // of shapes for which the model has none
	unchecked      map[string]bool   // "Shape.Member": left to the implementation
	sparseNull     map[string]bool   // lists whose violated constraints do not mention null
	plainElements  map[string]bool   // lists that print their elements' constraint as their own
	superseded     map[string]bool   // operations that a newer one answers at the same URI

	limits      map[string]int64  // greatest bodies by operation
	limitNames  map[string]string // what the refusal of a greater one calls the operation, if not by its name
	streamLimit int64             // of streaming payloads

	undecodableCode string
	roots           map[string]string // XML: root element of an output, if not its shape's name
	xmlNamespace    string            // XML: of responses, where the model has none
	milliseconds    bool              // XML: times always have three decimals
	payloadTypes    map[string]string // Content-Type of an operation's blob payload
	errorType       bool              // errors tell their Type, "User" or "Service"
}

func quirksOf(s *api.Service) quirks {
	q := quirks{undecodableCode: "SerializationException", streamLimit: defaultLimit}
	switch s.Name {
	case "lambda":
		return lambdaQuirks(q)
	case "apigateway":
		return apigatewayQuirks(q)
	case "s3":
		return s3Quirks(q)
	case "cloudformation":
		q.validationCode, q.undecodableCode = "ValidationError", "MalformedInput"
		// AWS: recorded (test_stack_name_creation).
		q.patterns = map[string]string{"StackName": "[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"}
		return q
	case "logs":
		// AWS: CloudWatch Logs calls it so, where other JSON services say
		// ValidationException.
		q.validationCode = "InvalidParameterException"
		return q
	}
	if s.Protocol == api.Query {
		q.validationCode, q.undecodableCode = "ValidationError", "MalformedInput"
	} else {
		q.validationCode = "ValidationException"
	}
	return q
}

func lambdaQuirks(q quirks) quirks {
	q.validationCode = "ValidationException"
	// AWS: Lambda's own code for bodies that are not JSON.
	q.undecodableCode = "InvalidRequestContentException"
	q.errorType = true
	// AWS: recorded; the sum of 50 MB of code as base64 and what goes with it.
	// What an event may be is the implementation's to tell; more than a
	// synchronous invocation may bring, none does.
	q.limits = map[string]int64{
		"CreateFunction":           70167211,
		"UpdateFunctionCode":       70167211,
		"PublishLayerVersion":      70167211,
		"Invoke":                   6 << 20,
		"InvokeWithResponseStream": 6 << 20,
	}
	// AWS: the name in the message that callers report
	// (github.com/awslabs/aws-athena-query-federation/issues/793).
	q.limitNames = map[string]string{"Invoke": "InvokeFunction", "InvokeWithResponseStream": "InvokeFunction"}
	q.payloadTypes = map[string]string{"Invoke": "application/json"}
	// AWS: "or be a valid ARN" and another code; the service's own check.
	q.unchecked = map[string]bool{
		"CreateFunctionRequest.Runtime":              true,
		"UpdateFunctionConfigurationRequest.Runtime": true,
	}
	// AWS: recorded (test_invalid_vpc_config_subnet, _security_group).
	q.sparseNull = map[string]bool{"SubnetIds": true, "SecurityGroupIds": true}
	// AWS: recorded (test_layer_exceptions).
	q.plainElements = map[string]bool{"CompatibleRuntimes": true}
	q.enumOrder = map[string][]string{
		"EventSourcePosition": {"LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"},
		"Runtime": {
			"nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x", "nodejs22.x",
			"java25", "python3.10", "python3.11", "java21", "ruby3.3", "ruby3.4", "ruby3.2", "python3.8", "python3.9",
			"java17", "nodejs16.x", "dotnet10", "dotnet8", "java11", "dotnet6", "nodejs18.x", "provided.al2", "java8.al2",
		},
		"RecursiveLoop":    {"Terminate", "Allow"},
		"SnapStartApplyOn": {"PublishedVersions", "None"},
		"Architecture":     {"x86_64", "arm64"},
	}
	return q
}

func apigatewayQuirks(q quirks) quirks {
	q.validationCode = "ValidationException"
	// AWS: recorded: 'putIntegrationInput.type', but 'statusCode' in the path.
	q.bodyPrefix = true
	// AWS: recorded (create-with-invalid-types).
	q.sparseNull = map[string]bool{"ListOfEndpointType": true, "ListOfString": true}
	// AWS: recorded; the order of a set in their memory.
	q.enumOrder = map[string][]string{
		"Op":            {"add", "remove", "move", "test", "replace", "copy"},
		"EndpointType":  {"PRIVATE", "EDGE", "REGIONAL"},
		"IpAddressType": {"ipv4", "dualstack"},
		"IntegrationType": {
			"HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS",
		},
		"DocumentationPartType": {
			"RESPONSE_BODY", "RESPONSE", "METHOD", "MODEL", "AUTHORIZER", "RESPONSE_HEADER", "RESOURCE", "PATH_PARAMETER",
			"REQUEST_BODY", "QUERY_PARAMETER", "API", "REQUEST_HEADER",
		},
		"GatewayResponseType": {
			"REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "AUTHORIZER_CONFIGURATION_ERROR", "MISSING_AUTHENTICATION_TOKEN",
			"BAD_REQUEST_BODY", "INVALID_SIGNATURE", "INVALID_API_KEY", "BAD_REQUEST_PARAMETERS", "AUTHORIZER_FAILURE",
			"UNAUTHORIZED", "INTEGRATION_TIMEOUT", "ACCESS_DENIED", "DEFAULT_4XX", "DEFAULT_5XX", "WAF_FILTERED",
			"QUOTA_EXCEEDED", "THROTTLED", "API_CONFIGURATION_ERROR", "UNSUPPORTED_MEDIA_TYPE", "INTEGRATION_FAILURE",
			"EXPIRED_TOKEN",
		},
	}
	return q
}

func s3Quirks(q quirks) quirks {
	q.undecodableCode = "MalformedXML"
	q.streamLimit = 5 << 30 // AWS: of one PutObject or UploadPart
	q.xmlNamespace = "http://s3.amazonaws.com/doc/2006-03-01/"
	q.milliseconds = true
	// Older forms of two configurations, which no client sends.
	q.superseded = map[string]bool{
		"GetBucketLifecycle": true, "PutBucketLifecycle": true,
		"GetBucketNotification": true, "PutBucketNotification": true,
		// Of directory buckets, at an endpoint of their own.
		"ListDirectoryBuckets": true,
	}
	// AWS: the names that S3's documentation shows, of shapes that the model
	// names after their operations.
	q.roots = map[string]string{
		"CompleteMultipartUploadOutput":           "CompleteMultipartUploadResult",
		"CreateMultipartUploadOutput":             "InitiateMultipartUploadResult",
		"DeleteObjectsOutput":                     "DeleteResult",
		"GetBucketAccelerateConfigurationOutput":  "AccelerateConfiguration",
		"GetBucketAclOutput":                      "AccessControlPolicy",
		"GetBucketCorsOutput":                     "CORSConfiguration",
		"GetBucketLifecycleConfigurationOutput":   "LifecycleConfiguration",
		"GetBucketLocationOutput":                 "LocationConstraint",
		"GetBucketLoggingOutput":                  "BucketLoggingStatus",
		"GetBucketRequestPaymentOutput":           "RequestPaymentConfiguration",
		"GetBucketTaggingOutput":                  "Tagging",
		"GetBucketVersioningOutput":               "VersioningConfiguration",
		"GetBucketWebsiteOutput":                  "WebsiteConfiguration",
		"GetObjectAclOutput":                      "AccessControlPolicy",
		"GetObjectAttributesOutput":               "GetObjectAttributesResponse",
		"GetObjectTaggingOutput":                  "Tagging",
		"ListBucketsOutput":                       "ListAllMyBucketsResult",
		"ListMultipartUploadsOutput":              "ListMultipartUploadsResult",
		"ListObjectVersionsOutput":                "ListVersionsResult",
		"ListObjectsOutput":                       "ListBucketResult",
		"ListObjectsV2Output":                     "ListBucketResult",
		"ListPartsOutput":                         "ListPartsResult",
		"NotificationConfiguration":               "NotificationConfiguration",
		"ListBucketAnalyticsConfigurationsOutput": "ListBucketAnalyticsConfigurationResult",
		"ListBucketInventoryConfigurationsOutput": "ListInventoryConfigurationsResult",
		"ListBucketMetricsConfigurationsOutput":   "ListMetricsConfigurationsResult",
		"GetBucketOwnershipControlsOutput":        "OwnershipControls",
		"GetBucketReplicationOutput":              "ReplicationConfiguration",
	}
	return q
}

// noRoute is the fault of a method and path that no operation has.
func (s *service) noRoute() *aws.Fault {
	switch s.Name {
	case "lambda":
		// AWS: what Lambda answers, as reported by users of old clients.
		return aws.Faultf(http.StatusForbidden, "AccessDeniedException", "Unable to determine service/operation name to be authorized")
	case "s3":
		return aws.Faultf(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	case "apigateway":
		return aws.Faultf(http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	return aws.Faultf(http.StatusNotFound, "UnknownOperationException", "")
}

// undecodable is the fault of a message that does not fit the model.
func (s *service) undecodable(err error) error {
	if aws.AsFault(err) != nil {
		return err
	}
	code, message := s.undecodableCode, err.Error()
	switch s.Name {
	case "s3":
		message = "The XML you provided was not well-formed or did not validate against our published schema"
	case "lambda":
		if m, ok := errors.AsType[mismatch](err); ok {
			return aws.Faultf(http.StatusBadRequest, "SerializationException", "%s", m)
		}
		message = "Could not parse request body into json: " + message
	}
	return aws.Faultf(http.StatusBadRequest, code, "%s", message)
}

// faultOfUnsigned is the fault of a request that must be signed and is not.
func (s *service) faultOfUnsigned() *aws.Fault {
	switch {
	case s.isS3():
		return aws.Faultf(http.StatusForbidden, "AccessDenied", "Access Denied")
	case s.Protocol == api.Query:
		return aws.Faultf(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	return aws.Faultf(http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token")
}

// faultOfKey is the fault of an access key that nobody has.
func (s *service) faultOfKey() *aws.Fault {
	if s.isS3() {
		return aws.Faultf(http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	}
	return s.faultOfToken(errTokenInvalid)
}

// faultOfToken is the fault of a session token that is forged or has expired.
func (s *service) faultOfToken(err error) *aws.Fault {
	expired := errors.Is(err, errTokenExpired)
	switch {
	case s.isS3() && expired:
		return aws.Faultf(http.StatusBadRequest, "ExpiredToken", "The provided token has expired.")
	case s.isS3():
		return aws.Faultf(http.StatusBadRequest, "InvalidToken", "The provided token is malformed or otherwise invalid.")
	case expired && s.Protocol == api.Query:
		return aws.Faultf(http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
	case expired:
		return aws.Faultf(http.StatusForbidden, "ExpiredTokenException", "The security token included in the request is expired")
	case s.Protocol == api.Query:
		return aws.Faultf(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid")
	}
	return aws.Faultf(http.StatusForbidden, "UnrecognizedClientException", "The security token included in the request is invalid.")
}
