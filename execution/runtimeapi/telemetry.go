package runtimeapi

import (
	"encoding/json"
	"strconv"
	"time"
)

// Function adds a line of the function's log. isJSON says that the function logs
// in JSON: a line that is an object then is one in the event, too.
func (b *Batch) Function(at time.Time, line []byte, isJSON bool) {
	b.line(at, "function", line, isJSON)
}

// ExtensionLine adds a line of an extension's log.
func (b *Batch) ExtensionLine(at time.Time, line []byte, isJSON bool) {
	b.line(at, "extension", line, isJSON)
}

func (b *Batch) line(at time.Time, category string, line []byte, isJSON bool) {
	if !b.open(at, category, category) {
		return
	}
	if isJSON && !b.subscription.Logs && len(line) > 0 && line[0] == '{' && json.Valid(line) {
		b.body = append(b.body, line...)
	} else {
		b.body = appendString(b.body, string(line))
	}
	b.close()
}

// An Init describes an init phase.
type Init struct {
	Type              string // on-demand, provisioned-concurrency or snap-start
	Phase             string // init, or invoke if it runs within an invocation
	RuntimeVersion    string
	RuntimeVersionARN string
	FunctionName      string
	FunctionVersion   string
	InstanceID        string // the environment's log stream
	MemoryMB          int

	// Of its end.
	Status    string // success, failure, error or timeout; empty until then
	ErrorType string
	Duration  time.Duration
}

// InitStart adds that an init phase begins.
func (b *Batch) InitStart(at time.Time, i *Init) {
	if o := b.init(at, "platform.initStart", i); o != nil {
		o.version(i)
		o.close()
	}
}

// InitRuntimeDone adds that the runtime has ended its init phase.
func (b *Batch) InitRuntimeDone(at time.Time, i *Init) {
	if o := b.init(at, "platform.initRuntimeDone", i); o != nil {
		o.close()
	}
}

// InitReport adds the figures of an init phase.
func (b *Batch) InitReport(at time.Time, i *Init) {
	if o := b.init(at, "platform.initReport", i); o != nil {
		o.raw("metrics", `{"durationMs":`)
		b.milliseconds(i.Duration)
		b.body = append(b.body, '}')
		o.close()
	}
}

// init begins an event of an init phase; nil if it is not wanted.
func (b *Batch) init(at time.Time, kind string, i *Init) *object {
	if b.subscription.Logs || !b.open(at, "platform", kind) {
		return nil
	}
	o := b.object()
	o.text("initializationType", i.Type)
	o.text("phase", i.Phase)
	o.optional("status", i.Status)
	o.optional("errorType", i.ErrorType)
	return o
}

// Start adds that an invocation begins.
func (b *Batch) Start(at time.Time, requestID, version, trace string) {
	if !b.open(at, "platform", "platform.start") {
		return
	}
	o := b.object()
	o.text("requestId", requestID)
	o.text("version", version)
	o.trace(trace)
	o.close()
}

// A Done describes the end of an invocation.
type Done struct {
	RequestID string
	Trace     string // the X-Amzn-Trace-Id header
	Status    string // success, failure, error or timeout
	ErrorType string

	// Of the runtime's part.
	Began    time.Time
	Latency  time.Duration // until the answer began; 0 if there was none
	Response time.Duration // that the answer took
	Overhead time.Duration // from the answer's end until the runtime asked again
	Produced int64         // the answer's bytes

	// Of the whole.
	Duration    time.Duration
	Billed      time.Duration
	Init        time.Duration // 0 if it was before
	Extensions  time.Duration // that they went on for when the runtime had done; 0 without any
	MemoryMB    int
	MaxMemoryMB int
}

// RuntimeDone adds that the runtime has dealt with an event.
func (b *Batch) RuntimeDone(at time.Time, d *Done) {
	s := b.subscription
	if s.Logs && s.Schema == "2020-08-15" || !b.open(at, "platform", "platform.runtimeDone") {
		return
	}
	o := b.object()
	o.text("requestId", d.RequestID)
	o.text("status", d.Status)
	if s.Logs {
		o.close()
		return
	}
	o.optional("errorType", d.ErrorType)
	o.raw("metrics", `{"durationMs":`)
	b.milliseconds(d.Duration)
	b.body = append(b.body, `,"producedBytes":`...)
	b.body = append(strconv.AppendInt(b.body, d.Produced, 10), '}')
	if d.Latency > 0 {
		o.raw("spans", `[`)
		b.span("responseLatency", d.Began, d.Latency)
		b.body = append(b.body, ',')
		b.span("responseDuration", d.Began.Add(d.Latency), d.Response)
		b.body = append(b.body, ',')
		b.span("runtimeOverhead", d.Began.Add(d.Latency+d.Response), d.Overhead)
		b.body = append(b.body, ']')
	}
	o.trace(d.Trace)
	o.close()
}

func (b *Batch) span(name string, start time.Time, d time.Duration) {
	b.body = append(b.body, `{"name":"`...)
	b.body = append(b.body, name...)
	b.body = append(b.body, `","start":"`...)
	b.body = start.UTC().AppendFormat(b.body, "2006-01-02T15:04:05.000Z")
	b.body = append(b.body, `","durationMs":`...)
	b.milliseconds(d)
	b.body = append(b.body, '}')
}

// Report adds the figures of an invocation; in the Logs API, that it has ended,
// too.
func (b *Batch) Report(at time.Time, d *Done) {
	logs := b.subscription.Logs
	if logs && b.open(at, "platform", "platform.end") {
		o := b.object()
		o.text("requestId", d.RequestID)
		o.close()
	}
	if !b.open(at, "platform", "platform.report") {
		return
	}
	o := b.object()
	o.text("requestId", d.RequestID)
	o.raw("metrics", `{"durationMs":`)
	b.milliseconds(d.Duration)
	b.body = append(b.body, `,"billedDurationMs":`...)
	b.body = strconv.AppendInt(b.body, d.Billed.Milliseconds(), 10)
	b.body = append(b.body, `,"memorySizeMB":`...)
	b.body = strconv.AppendInt(b.body, int64(d.MemoryMB), 10)
	b.body = append(b.body, `,"maxMemoryUsedMB":`...)
	b.body = strconv.AppendInt(b.body, int64(d.MaxMemoryMB), 10)
	if d.Init > 0 {
		b.body = append(b.body, `,"initDurationMs":`...)
		b.milliseconds(d.Init)
	}
	b.body = append(b.body, '}')
	if !logs {
		o.text("status", d.Status)
		o.optional("errorType", d.ErrorType)
		if d.Extensions > 0 {
			o.raw("spans", `[`)
			b.span("extensionOverhead", d.Began.Add(d.Duration-d.Extensions), d.Extensions)
			b.body = append(b.body, ']')
		}
	}
	o.trace(d.Trace)
	o.close()
}

// Fault adds, in the Logs API, that the environment has failed.
func (b *Batch) Fault(at time.Time, message string) {
	if !b.subscription.Logs || !b.open(at, "platform", "platform.fault") {
		return
	}
	b.body = appendString(b.body, message)
	b.close()
}

// Extension adds where an extension stands: Ready, or what its failure is called.
func (b *Batch) Extension(at time.Time, name, state string, events []string, errorType string) {
	if !b.open(at, "platform", "platform.extension") {
		return
	}
	o := b.object()
	o.text("name", name)
	o.text("state", state)
	o.list("events", events)
	o.optional("errorType", errorType)
	o.close()
}

// Subscribed adds that an extension has subscribed.
func (b *Batch) Subscribed(at time.Time, s *Subscription) {
	kind := "platform.telemetrySubscription"
	if b.subscription.Logs {
		kind = "platform.logsSubscription"
	}
	if !b.open(at, "platform", kind) {
		return
	}
	o := b.object()
	o.text("name", s.Extension)
	o.text("state", "Subscribed")
	o.list("types", s.Types)
	o.close()
}

// Dropped adds that events were lost because the extension did not take them. It
// is told whatever the subscription is for.
func (b *Batch) Dropped(at time.Time, records, bytes int) {
	category := b.subscription.Types[0]
	if !b.open(at, category, "platform.logsDropped") {
		return
	}
	o := b.object()
	o.text("reason", "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.")
	o.raw("droppedRecords", strconv.Itoa(records))
	o.raw("droppedBytes", strconv.Itoa(bytes))
	o.close()
}

// version says what is started.
func (o *object) version(i *Init) {
	o.optional("runtimeVersion", i.RuntimeVersion)
	o.optional("runtimeVersionArn", i.RuntimeVersionARN)
	if o.b.subscription.Schema == "2022-07-01" {
		return // it does not know the rest
	}
	o.optional("functionName", i.FunctionName)
	o.optional("functionVersion", i.FunctionVersion)
	o.optional("instanceId", i.InstanceID)
	if i.MemoryMB > 0 {
		o.raw("instanceMaxMemory", strconv.FormatInt(int64(i.MemoryMB)<<20, 10))
	}
}
