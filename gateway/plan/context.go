package plan

import "strings"

// IsContextVariable reports whether data mappings and templates can read the
// variable of $context that a dotted name stands for.
//
// AWS: "Variables for data transformations" of API Gateway's guide.
func IsContextVariable(name string) bool {
	switch name {
	case "accountId", "apiId", "awsEndpointRequestId", "awsEndpointRequestId2", "cipherSuite", "deploymentId",
		"domainName", "domainPrefix", "endpointType", "extendedRequestId", "httpMethod", "isCanaryRequest",
		"path", "protocol", "requestId", "requestTime", "requestTimeEpoch", "resourceId", "resourcePath",
		"stage", "tlsVersion", "wafResponseCode", "webaclArn", "xrayTraceId",
		"responseOverride.status":
		return true
	}
	family, member, ok := strings.Cut(name, ".")
	if !ok || member == "" {
		return false
	}
	switch family {
	case "authorizer":
		// What an authorizer tells has names of its own.
		return true
	case "identity":
		return isIdentityVariable(member)
	case "error":
		return member == "message" || member == "messageString" || member == "responseType" || member == "validationErrorString"
	case "customDomain":
		return member == "basePathMatched" || member == "routingRuleIdMatched"
	}
	return false
}

func isIdentityVariable(member string) bool {
	switch member {
	case "accessKey", "accountId", "apiKey", "apiKeyId", "caller", "cognitoAuthenticationProvider",
		"cognitoAuthenticationType", "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId",
		"sourceIp", "user", "userAgent", "userArn", "vpcId", "vpceId",
		"clientCert.clientCertPem", "clientCert.issuerDN", "clientCert.serialNumber", "clientCert.subjectDN",
		"clientCert.validity.notAfter", "clientCert.validity.notBefore":
		return true
	}
	return false
}
