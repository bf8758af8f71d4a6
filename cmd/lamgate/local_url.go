package main

import (
	"net/url"
	"regexp"
)

var executeAPI = regexp.MustCompile(`^https?://([a-z0-9]{10})\.execute-api\.[a-z0-9-]+\.amazonaws\.com(/.*)?$`)

// localURL returns where a URL of an API, which answers only on AWS, answers
// here: in the form that needs no name service. ok is false for other URLs.
func localURL(endpoint, awsURL string) (local string, ok bool) {
	m := executeAPI.FindStringSubmatch(awsURL)
	if m == nil {
		return "", false
	}
	return apiURL(endpoint, m[1], m[2]), true
}

// apiURL returns the local URL of a path, which begins with the stage, of an API.
func apiURL(endpoint, api, path string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return endpoint + "/_aws/execute-api/" + api + path
	}
	return u.Scheme + "://" + u.Host + "/_aws/execute-api/" + api + path
}
