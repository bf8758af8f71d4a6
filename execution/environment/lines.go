package environment

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/execution/runtimeapi"
)

// The lines of Lambda itself in a function's log, in text or, if the function
// asks for it, in JSON, and the same as extensions are told it.

const timeFormat = "2006-01-02T15:04:05.000Z"

// platform adds an event of the JSON log, if the function wants to have those of
// its level.
//
// AWS: "System log level event mapping" in the developer guide.
func (r *record) platform(kind string, l level, now time.Time, body any) {
	if l < r.level {
		return
	}
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

// level is well for what went well, and a warning for what did not.
func (v *verdict) level(well level) level {
	if v.status() == "success" {
		return well
	}
	return warn
}

// initStart says what the environment runs.
//
// AWS: names a runtime version and its ARN; lamgate names the interpreter of
// this host. An image has none.
func (r *record) initStart(m *material, i runtimeapi.Init, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := debug
	if m.runtime != nil {
		l, i.RuntimeVersion = info, m.runtime.Name
		if m.runtime.Version != "" {
			i.RuntimeVersion += " (" + m.runtime.Version + ", " + m.runtime.Path + ")"
		}
	}
	r.tell(func(b *runtimeapi.Batch) { b.InitStart(now, &i) })
	switch {
	case r.json:
		body := object{"initializationType": i.Type, "phase": i.Phase}
		if i.RuntimeVersion != "" {
			body["runtimeVersion"] = i.RuntimeVersion
		}
		r.platform("platform.initStart", l, now, body)
	// AWS: "When suppressed inits occur, Lambda doesn't explicitly report an
	// additional INIT phase", "Lambda execution environment" of the developer guide.
	case m.runtime != nil && i.Phase == "init":
		r.add(now, "INIT_START Runtime Version: "+i.RuntimeVersion+"\n")
	}
	if m.warning != "" && i.Phase == "init" {
		r.add(now, "lamgate: "+m.warning+"\n")
	}
}

// initialised says that the runtime has loaded the function, or could not.
func (r *record) initialised(i runtimeapi.Init, v verdict, now time.Time) {
	i.Status = v.status()
	if i.Status == "error" {
		i.ErrorType = v.errorType
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.catchUp()
	r.endLine(now)
	r.tell(func(b *runtimeapi.Batch) { b.InitRuntimeDone(now, &i) })
	if r.json {
		r.platform("platform.initRuntimeDone", v.level(debug), now, initBody(&i))
	}
}

// initReport says how long the init took. In text it is written only of one that
// failed, or that was ahead of invocations.
//
// AWS: "SnapStart and provisioned concurrency functions always emit INIT_REPORT",
// in the same place. Of what went well no status is told, as in RESTORE_REPORT.
func (r *record) initReport(i runtimeapi.Init, v verdict, now time.Time) {
	i.Status = v.status()
	if i.Status == "error" {
		i.ErrorType = v.errorType
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.catchUp()
	r.endLine(now)
	r.tell(func(b *runtimeapi.Batch) { b.InitReport(now, &i) })
	if r.json {
		l := debug
		if i.Type != "on-demand" {
			l = info
		}
		body := initBody(&i)
		body["metrics"] = object{"durationMs": milliseconds(i.Duration)}
		r.platform("platform.initReport", v.level(l), now, body)
		return
	}
	if v.cause == None && i.Type == "on-demand" {
		return
	}
	line := fmt.Sprintf("INIT_REPORT Init Duration: %.2f ms", milliseconds(i.Duration))
	if v.cause != None {
		line += "\tPhase: " + i.Phase + "\tStatus: " + i.Status
	}
	if i.ErrorType != "" {
		line += "\tError Type: " + i.ErrorType
	}
	r.add(now, line+"\n")
}

func initBody(i *runtimeapi.Init) object {
	body := object{"phase": i.Phase, "status": i.Status, "initializationType": i.Type}
	if i.ErrorType != "" {
		body["errorType"] = i.ErrorType
	}
	return body
}

// status is how it ended in the words of platform events.
//
// AWS: an error that the runtime reports is no failure of the platform: its
// runtimeDone is a success without bytes "as intended", says Lambda's engineer in
// aws-samples/aws-lambda-extensions#85, and the runtime interface emulator, which
// comes of Lambda's own code, has it so. In text such a REPORT has no status.
func (v *verdict) status() string {
	switch v.cause {
	case None, FunctionError, ResponseTooLarge:
		return "success"
	case Timeout:
		return "timeout"
	}
	return "error"
}

// reportType is the type of an error as reports have it.
//
// AWS: a function that has used up its memory answers with Runtime.ExitError;
// its reports and platform events say Runtime.OutOfMemory.
func (v *verdict) reportType() string {
	if v.cause == OutOfMemory {
		return "Runtime.OutOfMemory"
	}
	return v.errorType
}

// milliseconds are to the microsecond, as on AWS.
func milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// start says that an event is given to the function. within says that the init
// was part of its invocation, whose log then begins with that.
//
// AWS: START comes after such an init, as public logs have it, and who asks for
// the end of the log sees both.
func (r *record) start(t *ticket, version string, within bool, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tailing = t.LogTail; !r.tailing || !within {
		r.tail = nil
	}
	if r.heard() {
		r.tell(func(b *runtimeapi.Batch) { b.Start(now, t.ID, version, t.TraceHeader) })
	}
	if r.json {
		r.platform("platform.start", info, now, object{"requestId": t.ID, "version": version})
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
	text := "RequestId: " + requestID + " Error: " + v.message
	r.tell(func(b *runtimeapi.Batch) { b.Fault(now, text) })
	r.add(now, text+"\n"+v.errorType+"\n")
}

// extension says where an extension stands.
func (r *record) extension(x runtimeapi.Standing, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.catchUp()
	r.endLine(now)
	r.tell(func(b *runtimeapi.Batch) { b.Extension(now, x.Name, x.State, x.Events, x.ErrorType) })
	if r.json {
		l, body := info, object{"name": x.Name, "state": x.State, "events": x.Events}
		if x.ErrorType != "" {
			l, body["errorType"] = warn, x.ErrorType
		}
		r.platform("platform.extension", l, now, body)
		return
	}
	line := "EXTENSION\tName: " + x.Name + "\tState: " + x.State + "\tEvents: [" + strings.Join(x.Events, ", ") + "]"
	if x.ErrorType != "" {
		line += "\tError Type: " + x.ErrorType
	}
	r.add(now, line+"\n")
}

// explain adds a line of lamgate's own.
func (r *record) explain(text string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.catchUp()
	r.endLine(now)
	r.add(now, "lamgate: "+text+"\n")
}

// subscription says that an extension wants telemetry.
func (r *record) subscription(s *runtimeapi.Subscription, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell(func(b *runtimeapi.Batch) { b.Subscribed(now, s) })
	kind, line := "platform.telemetrySubscription", "TELEMETRY"
	if s.Logs {
		kind, line = "platform.logsSubscription", "LOGS"
	}
	if r.json {
		r.platform(kind, info, now, object{"name": s.Extension, "state": "Subscribed", "types": s.Types})
		return
	}
	var types []string
	for _, t := range s.Types { // AWS: in capitals, as public logs have them
		types = append(types, strings.ToUpper(t[:1])+t[1:])
	}
	r.add(now, line+"\tName: "+s.Extension+"\tState: Subscribed\tTypes: ["+strings.Join(types, ", ")+"]\n")
}

// done is an invocation's end as extensions are told it.
func done(p *report, o *Outcome, memoryMB int) *runtimeapi.Done {
	t, v := p.ticket, &p.verdict
	d := &runtimeapi.Done{
		RequestID: t.ID, Trace: t.TraceHeader, Status: v.status(), Began: t.assigned, Produced: p.produced(),
		Duration: o.Duration, Billed: o.Billed, Init: o.InitDuration, MemoryMB: memoryMB, MaxMemoryMB: o.MaxMemoryMB,
	}
	if d.Status == "error" {
		d.ErrorType = v.reportType()
	}
	if p.responded {
		d.Latency, d.Overhead = p.outcome.Duration, o.Duration-p.outcome.Duration
	}
	d.Extensions = p.extensions(o)
	return d
}

// extensions is how long extensions were at work when the runtime had done, if
// all went well.
func (p *report) extensions(o *Outcome) time.Duration {
	if p.done.IsZero() || p.verdict.status() != "success" {
		return 0
	}
	return o.Duration - p.done.Sub(p.ticket.assigned)
}

// span is a part of an invocation in the JSON log.
func span(name string, start time.Time, d time.Duration) object {
	return object{"name": name, "start": start.UTC().Format(timeFormat), "durationMs": milliseconds(d)}
}

// produced is how many bytes the runtime answered with.
//
// AWS: an error is none of it; see verdict.status.
func (p *report) produced() int64 {
	if !p.responded {
		return p.outcome.Streamed
	}
	return int64(len(p.outcome.Payload)) + p.outcome.Streamed
}

// runtimeDone says that the runtime has dealt with an event.
func (r *record) runtimeDone(p *report, o *Outcome, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runtimeDoneLocked(p, o, now)
}

func (r *record) runtimeDoneLocked(p *report, o *Outcome, now time.Time) {
	if r.heard() {
		r.catchUp()
		d := done(p, o, 0)
		r.tell(func(b *runtimeapi.Batch) { b.RuntimeDone(now, d) })
	}
	if v := &p.verdict; r.json && v.level(debug) >= r.level {
		r.catchUp()
		r.endLine(now)
		body := object{"requestId": o.RequestID, "status": v.status(),
			"metrics": object{"durationMs": milliseconds(o.Duration), "producedBytes": p.produced()}}
		if v.status() == "error" {
			body["errorType"] = v.reportType()
		}
		if p.responded {
			began, answered := p.ticket.assigned, p.outcome.Duration
			body["spans"] = []object{
				span("responseLatency", began, answered),
				span("responseDuration", began.Add(answered), 0),
				span("runtimeOverhead", began.Add(answered), o.Duration-answered),
			}
		}
		r.platform("platform.runtimeDone", v.level(debug), now, body)
	}
}

// finish says how an invocation ended, and returns the tail of its log if that
// is wanted.
func (r *record) finish(p *report, o *Outcome, memoryMB int, now time.Time) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.catchUp()
	r.endLine(now)
	if p.done.IsZero() {
		r.runtimeDoneLocked(p, o, now)
	}
	if r.heard() {
		d := done(p, o, memoryMB)
		r.tell(func(b *runtimeapi.Batch) { b.Report(now, d) })
	}
	if r.json {
		r.finishJSON(p, o, memoryMB, now)
	} else {
		r.finishText(o, &p.verdict, memoryMB, now)
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
		b = append(b, v.reportType()...)
	}
	b = append(b, '\n')
	text := string(b)
	r.line = b
	r.add(now, text[:end])
	r.add(now, text[end:])
}

func (r *record) finishJSON(p *report, o *Outcome, memoryMB int, now time.Time) {
	v := &p.verdict
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
		report["errorType"] = v.reportType()
	}
	if d := p.extensions(o); d > 0 {
		report["spans"] = []object{span("extensionOverhead", p.done, d)}
	}
	r.platform("platform.report", v.level(info), now, report)
}
