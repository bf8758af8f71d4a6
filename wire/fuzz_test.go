package wire_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/wire"
)

// FuzzServe sends anything to everything. Whatever it is, it must be answered,
// and not with an internal fault: nothing here is implemented that could fail.
func FuzzServe(f *testing.F) {
	for _, seed := range [][6]string{
		{"lambda", "POST", "/2015-03-31/functions", "", "", `{"FunctionName":"f","Role":"r","Code":{"ZipFile":"AAAA"},"Environment":{"Variables":{"a":"b"}}}`},
		{"apigateway", "PATCH", "/restapis/a", "", "", `{"patchOperations":[{"op":"replace","path":"/name","value":"x"}]}`},
		{"cloudformation", "POST", "/", "", "application/x-www-form-urlencoded", "Action=CreateStack&Version=2010-05-15&StackName=s&Parameters.member.1.ParameterKey=k&Tags.member.2.Key=x"},
		{"s3", "PUT", "/b/k?tagging", "", "gzip,aws-chunked", "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"},
		{"s3", "POST", "/b?delete", "", "", "<Delete><Object><Key>k</Key></Object></Delete>"},
		{"logs", "POST", "/", "Logs_20140328.PutLogEvents", "", `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1.5e3,"message":"\ud83d\ude00\u0000"}]}`},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], []byte(seed[5]))
	}
	var mounts []wire.Mount
	for _, s := range allServices {
		mounts = append(mounts, wire.Mount{Service: s})
	}
	h, err := wire.New(mounts, slog.New(slog.DiscardHandler), aws.NewManualClock(testTime), wire.NewCredentials(nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, service, method, target, xTarget, contentType string, body []byte) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://localhost/", strings.NewReader(string(body)))
		if err != nil {
			return
		}
		u, err := r.URL.Parse(target)
		if err != nil {
			return
		}
		r.URL = u
		r.Header.Set("X-Amz-Target", xTarget)
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Content-Encoding", contentType)
		r.Header.Set("X-Amz-Decoded-Content-Length", "10")
		if service != "" {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=00")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code < 400 || w.Code == http.StatusInternalServerError {
			t.Errorf("%s %s (%s): %d %s", method, target, service, w.Code, w.Body)
		}
	})
}
