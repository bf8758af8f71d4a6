package environment

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The lines of Lambda itself in a function's log, in text or, if the function
// asks for it, in JSON.

const timeFormat = "2006-01-02T15:04:05.000Z"

// platform adds an event of the JSON log.
func (r *record) platform(kind string, now time.Time, body any) {
	b, err := json.Marshal(struct {
		Time   string `json:"time"`
		Type   string `json:"type"`
		Record any    `json:"record"`
	}{now.UTC().Format(timeFormat), kind, body})
	if err == nil {
		r.add(now, string(b)+"\n")
	}
}

type object = map[string]any

// initStart says what the environment runs.
//
// AWS: names a runtime version and its ARN; lamgate names the interpreter of
// this host.
func (r *record) initStart(m *material, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, warning := m.runtime, m.warning
	if i == nil { // AWS: an image has no runtime version
		return
	}
	runtime := i.Name
	if i.Version != "" {
		runtime += " (" + i.Version + ", " + i.Path + ")"
	}
	if r.json {
		r.platform("platform.initStart", now, object{"initializationType": "on-demand", "phase": "init", "runtimeVersion": runtime})
	} else {
		r.add(now, "INIT_START Runtime Version: "+runtime+"\n")
	}
	if warning != "" {
		r.add(now, "lamgate: "+warning+"\n")
	}
}

// initReport is written only of an init that failed.
func (r *record) initReport(took time.Duration, invoked bool, v verdict, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.catchUp()
	r.endLine(now)
	phase := "init"
	if invoked {
		phase = "invoke"
	}
	if r.json {
		status := object{"phase": phase, "status": v.status(), "initializationType": "on-demand", "metrics": object{"durationMs": milliseconds(took)}}
		if v.cause != Timeout {
			status["errorType"] = v.errorType
		}
		r.platform("platform.initReport", now, status)
		return
	}
	line := fmt.Sprintf("INIT_REPORT Init Duration: %.2f ms\tPhase: %s\tStatus: %s", milliseconds(took), phase, v.status())
	if v.cause != Timeout {
		line += "\tError Type: " + v.errorType
	}
	r.add(now, line+"\n")
}

func (v *verdict) status() string {
	switch v.cause {
	case None:
		return "success"
	case Timeout:
		return "timeout"
	}
	return "error"
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// start says that an event is given to the function.
func (r *record) start(t *ticket, version string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tailing, r.tail = t.LogTail, nil
	if r.json {
		r.platform("platform.start", now, object{"requestId": t.ID, "version": version})
		return
	}
	r.add(now, "START RequestId: "+t.ID+" Version: "+version+"\n")
}

// died says that the runtime ended without having an event.
func (r *record) died(requestID string, v verdict, now time.Time) {
	if requestID == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.catchUp()
	r.endLine(now)
	r.add(now, "RequestId: "+requestID+" Error: "+v.message+"\n"+v.errorType+"\n")
}

// extension says where an extension stands.
//
// AWS: as "EXTENSION" lines in public logs, and platform.extension.
func (r *record) extension(name, state string, events []string, errorType string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.json {
		body := object{"name": name, "state": state, "events": events}
		if errorType != "" {
			body["errorType"] = errorType
		}
		r.platform("platform.extension", now, body)
		return
	}
	line := "EXTENSION\tName: " + name + "\tState: " + state + "\tEvents: [" + strings.Join(events, ",") + "]"
	if errorType != "" {
		line += "\tError Type: " + errorType
	}
	r.add(now, line+"\n")
}

// initialised says that the runtime has loaded the function.
func (r *record) initialised(now time.Time) {}

// runtimeDone says that the runtime has answered an event.
func (r *record) runtimeDone(t *ticket, o *Outcome, v *verdict, now time.Time) {}

// finish says how an invocation ended, and returns the tail of its log if that
// is wanted.
func (r *record) finish(t *ticket, o *Outcome, v *verdict, memoryMB int, now time.Time) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.catchUp()
	r.endLine(now)
	if r.json {
		r.finishJSON(o, v, memoryMB, now)
	} else {
		r.finishText(o, v, memoryMB, now)
	}
	tail := r.takeTail()
	// Single invocations are seen at once; the sink has many of a burst
	// together. The keeper sees to what remains.
	if now.Sub(r.flushed) >= flushEvery || r.size > maxHeld/4 {
		r.flush(false)
		r.flushed = now
	}
	return tail
}

// flushEvery is how often a busy environment gives its log to the sink.
const flushEvery = 50 * time.Millisecond

func (r *record) finishText(o *Outcome, v *verdict, memoryMB int, now time.Time) {
	switch v.cause {
	case Timeout:
		r.add(now, now.UTC().Format(timeFormat)+" "+o.RequestID+" "+v.message+"\n\n")
	case Crash, OutOfMemory, InitError:
		if v.payload == nil { // else the runtime has said it itself
			r.add(now, "RequestId: "+o.RequestID+" Error: "+v.message+"\n"+v.errorType+"\n")
		}
	}
	b := append(r.line[:0], "END RequestId: "...)
	b = append(b, o.RequestID...)
	b = append(b, '\n')
	end := len(b)
	b = append(b, "REPORT RequestId: "...)
	b = append(b, o.RequestID...)
	b = append(b, "\tDuration: "...)
	b = strconv.AppendFloat(b, milliseconds(o.Duration), 'f', 2, 64)
	b = append(b, " ms\tBilled Duration: "...)
	b = strconv.AppendInt(b, o.Billed.Milliseconds(), 10)
	b = append(b, " ms\tMemory Size: "...)
	b = strconv.AppendInt(b, int64(memoryMB), 10)
	b = append(b, " MB\tMax Memory Used: "...)
	b = strconv.AppendInt(b, int64(o.MaxMemoryMB), 10)
	b = append(b, " MB\t"...)
	if o.InitDuration > 0 {
		b = append(b, "Init Duration: "...)
		b = strconv.AppendFloat(b, milliseconds(o.InitDuration), 'f', 2, 64)
		b = append(b, " ms\t"...)
	}
	switch v.cause {
	case Timeout:
		b = append(b, "Status: timeout"...)
	case Crash, OutOfMemory, InitError:
		b = append(b, "Status: error\tError Type: "...)
		b = append(b, v.errorType...)
	}
	b = append(b, '\n')
	text := string(b)
	r.line = b
	r.add(now, text[:end])
	r.add(now, text[end:])
}

func (r *record) finishJSON(o *Outcome, v *verdict, memoryMB int, now time.Time) {
	metrics := object{
		"durationMs":       milliseconds(o.Duration),
		"billedDurationMs": o.Billed.Milliseconds(),
		"memorySizeMB":     memoryMB,
		"maxMemoryUsedMB":  o.MaxMemoryMB,
	}
	if o.InitDuration > 0 {
		metrics["initDurationMs"] = milliseconds(o.InitDuration)
	}
	report := object{"requestId": o.RequestID, "metrics": metrics, "status": v.status()}
	if v.status() == "error" {
		report["errorType"] = v.errorType
	}
	r.platform("platform.report", now, report)
}
