package plan

// contextNames are the variables of $context that mappings can read.
func contextNames() []string {
	return []string{
		"accountId", "apiId", "domainName", "domainPrefix", "extendedRequestId", "httpMethod",
		"identity.sourceIp", "identity.userAgent", "path", "protocol", "requestId", "requestTime",
		"requestTimeEpoch", "resourceId", "resourcePath", "stage",
	}
}
