package front

// maxTold is how much a journey tells of a function's error.
const maxTold = 2048

// ExplainFailure words a function's error for a journey.
func ExplainFailure(arn, name string, payload []byte) (what, mend string) {
	if len(payload) > maxTold {
		payload = payload[:maxTold]
	}
	return arn + " failed: " + string(payload), "look into the function's log: lamgate logs " + name
}
