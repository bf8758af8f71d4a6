package runtimeapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func subscribeSays(path, body, id string) string {
	return fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: %d\r\n\r\n%s", path, id, len(body), body)
}

const listener = `"destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:8080/x?y"}`

func TestSubscriptions(t *testing.T) {
	_, w, address := serveWith(t, withExtensions)
	c := dial(t, address)
	id, other := register(t, c, "agent", "INVOKE"), register(t, c, "other")
	<-w.told
	<-w.told
	full := `{"schemaVersion":"2022-12-13","types":["platform","function","platform"],"buffering":{"maxItems":1000,"maxBytes":262144,"timeoutMs":25},` + listener + `}`
	c.expect(subscribeSays(telemetryPath, full, id), 200, `"OK"`)
	w.expect(t, "subscribed {Extension:agent Logs:false Schema:2022-12-13 Types:[platform function] Protocol:HTTP Port:8080 Method:POST Path:/x?y MaxItems:1000 MaxBytes:262144 Timeout:25ms}")
	c.expect(subscribeSays(telemetryPath+"/", full, id), 200, `"OK"`) // the same again is not told again
	c.expect(subscribeSays(logsPath, `{"types":["platform"],`+listener+`}`, id), 400,
		`{"errorMessage":"the extension has subscribed through the other of the Telemetry and Logs APIs","errorType":"Logs.ValidationError"}`)
	c.expect(subscribeSays(logsPath, `{"types":["extension"],"destination":{"protocol":"TCP","port":53}}`, other), 200, `"OK"`)
	w.expect(t, "subscribed {Extension:other Logs:true Schema:2020-08-15 Types:[extension] Protocol:TCP Port:53 Method: Path: MaxItems:10000 MaxBytes:262144 Timeout:1s}")
	c.expect(subscribeSays(logsPath, `{"schemaVersion":"2021-03-18","types":["extension"],"destination":{"protocol":"HTTP","URI":"http://sandbox:1","method":"PUT"}}`, other), 200, `"OK"`)
	w.expect(t, "subscribed {Extension:other Logs:true Schema:2021-03-18 Types:[extension] Protocol:HTTP Port:1 Method:PUT Path:/ MaxItems:10000 MaxBytes:262144 Timeout:1s}")

	for body, want := range map[string]string{
		`[]`: "the request is not valid: json: cannot unmarshal array into Go value of type runtimeapi.subscriptionRequest",
		`{}`: "schemaVersion is not provided; types should not be empty; destination is not provided",
		`{"schemaVersion":"1999","types":["all"],"buffering":{"maxItems":1,"maxBytes":2000000,"timeoutMs":24},"destination":{"protocol":"UDP","encoding":"XML"}}`: `schemaVersion \"1999\" is none of 2025-01-29, 2022-12-13, 2022-07-01; type \"all\" is none of platform, function, extension; ` +
			`maxItems 1 is not between 1000 and 10000; maxBytes 2000000 is not between 262144 and 1048576; timeoutMs 24 is not between 25 and 30000; encoding \"XML\" is not JSON; protocol \"UDP\" is neither HTTP nor TCP`,
		`{"schemaVersion":"2022-12-13","types":[],"destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain"}}`:                             "types should not be empty; URI port is not provided",
		`{"schemaVersion":"2022-12-13","types":["platform"],"destination":{"protocol":"HTTP","URI":"http://169.254.169.254:80"}}`:                    `URI host \"169.254.169.254\" is not sandbox.localdomain`,
		`{"schemaVersion":"2022-12-13","types":["platform"],"destination":{"protocol":"HTTP","URI":"https://sandbox.localdomain:80"}}`:               `URI \"https://sandbox.localdomain:80\" is not http://sandbox.localdomain:PORT/PATH`,
		`{"schemaVersion":"2022-12-13","types":["platform"],"destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:9001"}}`:              "URI port 9001 cannot be used",
		`{"schemaVersion":"2022-12-13","types":["platform"],"destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:80","method":"PUT"}}`: `method \"PUT\" cannot be chosen`,
		`{"schemaVersion":"2022-12-13","types":["platform"],"destination":{"protocol":"TCP","port":70000}}`:                                          "port 70000 cannot be used",
		`{"schemaVersion":"2022-12-13","types":["platform"],"destination":{}}`:                                                                       "protocol is not provided",
	} {
		c.expect(subscribeSays(telemetryPath, body, id), 400, `{"errorMessage":"`+want+`","errorType":"ValidationError"}`)
	}
	c.expect(strings.Replace(subscribeSays(logsPath, full, id), "PUT", "POST", 1), 405, `{"errorMessage":"the Runtime API does not take this method here","errorType":"MethodNotAllowed"}`)
	c.expect(subscribeSays(telemetryPath, full, "Lambda-Extension-Identifier: 11111111-2222-4333-8444-555555555555"), 403,
		`{"errorMessage":"Unknown extension 11111111-2222-4333-8444-555555555555","errorType":"Extension.UnknownExtensionIdentifier"}`)

	// The init phase is over when all have asked for an event.
	for i, say := range []string{next, extensionSays("GET", "event/next", "", id)} {
		dial(t, address).say(say)
		if i == 0 {
			<-w.ready
		} else {
			w.expect(t, "ready agent")
		}
	}
	c.expect(subscribeSays(telemetryPath, full, id), 200, `"OK"`)
	dial(t, address).say(extensionSays("GET", "event/next", "", other))
	w.expect(t, "ready other")
	c.expect(subscribeSays(telemetryPath, full, id), 403, `{"errorMessage":"Telemetry API subscription is closed","errorType":"Telemetry.SubscriptionClosed"}`)
}

func TestBatches(t *testing.T) {
	at := time.Date(2026, 11, 21, 10, 11, 12, 345678901, time.FixedZone("", 3600))
	fill := func(b *Batch) {
		began := &Init{Type: "on-demand", Phase: "init", RuntimeVersion: "python:3.12", FunctionName: "f", FunctionVersion: "$LATEST", InstanceID: "i", MemoryMB: 128}
		i := new(*began)
		i.Status, i.ErrorType, i.Duration = "error", "E", 1234567*time.Nanosecond
		d := &Done{RequestID: "r", Trace: "Root=1", Status: "success", Began: at, Latency: time.Millisecond, Response: 2 * time.Millisecond, Overhead: time.Millisecond, Produced: 9,
			Duration: 3 * time.Millisecond, Billed: 4 * time.Millisecond, Init: 5 * time.Millisecond, Extensions: time.Millisecond, MemoryMB: 128, MaxMemoryMB: 64}
		b.InitStart(at, began)
		b.InitRuntimeDone(at, i)
		b.InitReport(at, i)
		b.Extension(at, "a", "Ready", []string{"INVOKE", "SHUTDOWN"}, "")
		b.Subscribed(at, &Subscription{Extension: "a", Types: []string{"platform"}})
		b.Start(at, "r", "$LATEST", "Root=1")
		b.Function(at, []byte("\"a\"\n\x01\xff\\é"), true)
		b.Function(at, []byte(`{"level":"INFO"}`), true)
		b.Function(at, []byte(`{"level":"INFO"}`), false)
		b.ExtensionLine(at, []byte("x"), false)
		b.RuntimeDone(at, d)
		b.Report(at, d)
		b.Fault(at, "broken")
		b.Dropped(at, 7, 8)
	}
	const when = `{"time":"2026-11-21T09:11:12.345Z","type":`
	for name, c := range map[string]struct {
		s    Subscription
		want []string
	}{
		"Telemetry API": {Subscription{Schema: "2022-12-13", Types: []string{"platform", "function", "extension"}, Protocol: "HTTP"}, []string{
			`"platform.initStart","record":{"initializationType":"on-demand","phase":"init","runtimeVersion":"python:3.12","functionName":"f","functionVersion":"$LATEST","instanceId":"i","instanceMaxMemory":134217728}}`,
			`"platform.initRuntimeDone","record":{"initializationType":"on-demand","phase":"init","status":"error","errorType":"E"}}`,
			`"platform.initReport","record":{"initializationType":"on-demand","phase":"init","status":"error","errorType":"E","metrics":{"durationMs":1.235}}}`,
			`"platform.extension","record":{"name":"a","state":"Ready","events":["INVOKE","SHUTDOWN"]}}`,
			`"platform.telemetrySubscription","record":{"name":"a","state":"Subscribed","types":["platform"]}}`,
			`"platform.start","record":{"requestId":"r","version":"$LATEST","tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1"}}}`,
			`"function","record":"\"a\"\n\u0001` + "\ufffd" + `\\é"}`,
			`"function","record":{"level":"INFO"}}`,
			`"function","record":"{\"level\":\"INFO\"}"}`,
			`"extension","record":"x"}`,
			`"platform.runtimeDone","record":{"requestId":"r","status":"success","metrics":{"durationMs":3,"producedBytes":9},"spans":[{"name":"responseLatency","start":"2026-11-21T09:11:12.345Z","durationMs":1},{"name":"responseDuration","start":"2026-11-21T09:11:12.346Z","durationMs":2},{"name":"runtimeOverhead","start":"2026-11-21T09:11:12.348Z","durationMs":1}],"tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1"}}}`,
			`"platform.report","record":{"requestId":"r","metrics":{"durationMs":3,"billedDurationMs":4,"memorySizeMB":128,"maxMemoryUsedMB":64,"initDurationMs":5},"status":"success","spans":[{"name":"extensionOverhead","start":"2026-11-21T09:11:12.347Z","durationMs":1}],"tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1"}}}`,
			`"platform.logsDropped","record":{"reason":"Consumer seems to have fallen behind as it has not acknowledged receipt of logs.","droppedRecords":7,"droppedBytes":8}}`,
		}},
		"Logs API": {Subscription{Logs: true, Schema: "2021-03-18", Types: []string{"platform"}, Protocol: "TCP"}, []string{
			`"platform.extension","record":{"name":"a","state":"Ready","events":["INVOKE","SHUTDOWN"]}}`,
			`"platform.logsSubscription","record":{"name":"a","state":"Subscribed","types":["platform"]}}`,
			`"platform.start","record":{"requestId":"r","version":"$LATEST","tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1"}}}`,
			`"platform.runtimeDone","record":{"requestId":"r","status":"success"}}`,
			`"platform.end","record":{"requestId":"r"}}`,
			`"platform.report","record":{"requestId":"r","metrics":{"durationMs":3,"billedDurationMs":4,"memorySizeMB":128,"maxMemoryUsedMB":64,"initDurationMs":5},"tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1"}}}`,
			`"platform.fault","record":"broken"}`,
			`"platform.logsDropped","record":{"reason":"Consumer seems to have fallen behind as it has not acknowledged receipt of logs.","droppedRecords":7,"droppedBytes":8}}`,
		}},
		"first Logs API": {Subscription{Logs: true, Schema: "2020-08-15", Types: []string{"function"}, Protocol: "HTTP"}, []string{
			`"function","record":"\"a\"\n\u0001` + "\ufffd" + `\\é"}`,
			`"function","record":"{\"level\":\"INFO\"}"}`,
			`"function","record":"{\"level\":\"INFO\"}"}`,
			`"platform.logsDropped","record":{"reason":"Consumer seems to have fallen behind as it has not acknowledged receipt of logs.","droppedRecords":7,"droppedBytes":8}}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c.s.MaxItems, c.s.MaxBytes = 1000, 1<<20
			b := NewBatch(&c.s)
			for range 2 { // and again, after it has been emptied
				fill(b)
				want := when + strings.Join(c.want, "\n"+when) + "\n"
				if c.s.Protocol == "HTTP" {
					want = "[" + when + strings.Join(c.want, ","+when) + "]"
					if !json.Valid(b.Body()) {
						t.Error("not JSON")
					}
				}
				if got := string(b.Body()); got != want {
					t.Errorf("got\n%s\nnot\n%s", got, want)
				}
				if items, bytes := b.Len(); items != len(c.want) || bytes == 0 || b.Full() {
					t.Errorf("%d items, %d bytes, full: %v", items, bytes, b.Full())
				}
				b.Reset()
			}
			for !b.Full() {
				b.Dropped(at, 1, 1)
			}
			if items, _ := b.Len(); items != 1000 {
				t.Errorf("full with %d", items)
			}
		})
	}
	if b := NewBatch(&Subscription{Protocol: "HTTP", Types: []string{"function"}}); len(b.Body()) != 0 {
		t.Errorf("an empty batch has %s", b.Body())
	}
}

func FuzzSubscription(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":"2022-12-13","types":["platform"],`+listener+`}`), false)
	f.Add([]byte(`{"types":["extension"],"destination":{"protocol":"TCP","port":53}}`), true)
	f.Fuzz(func(t *testing.T, body []byte, logs bool) {
		s, problems := parseSubscription(body, logs)
		if (s == nil) == (len(problems) == 0) {
			t.Fatal("neither one nor the other")
		}
		if s != nil && (s.Port < 1 || s.Port > 65535 || len(s.Types) == 0 || s.MaxItems < minItems || s.MaxBytes > maxBytes || s.Timeout < 25*time.Millisecond) {
			t.Fatalf("%+v", s)
		}
	})
}
