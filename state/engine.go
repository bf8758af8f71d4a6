package state

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// An engine is a running NATS server in this process, without listeners, and
// the one connection to it.
type engine struct {
	server *server.Server
	conn   *nats.Conn
	js     jetstream.JetStream

	documents jetstream.Stream
	chunks    jetstream.Stream
	queues    jetstream.Stream
	logs      jetstream.Stream
	feed      jetstream.ConsumeContext

	failed context.Context // ends when the engine can no longer store
	fail   context.CancelCauseFunc
}

// maxPayload bounds a message of the engine; larger values go to chunks.
const maxPayload = 8 << 20

const startTimeout = 30 * time.Second

func startEngine(dir string, log *slog.Logger) (_ *engine, err error) {
	e := &engine{}
	e.failed, e.fail = context.WithCancelCause(context.Background())
	defer func() {
		if err != nil {
			e.stop()
		}
	}()
	e.server, err = server.NewServer(engineOptions(dir))
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	said := &engineLog{log: log, failed: e.fail}
	e.server.SetLoggerV2(said, false, false, false)
	e.server.Start()
	if !e.server.ReadyForConnections(startTimeout) || !e.server.JetStreamEnabled() {
		return nil, fmt.Errorf("the engine did not start: %s", said.lastError())
	}
	e.conn, err = nats.Connect("", nats.InProcessServer(e.server), nats.NoReconnect(), nats.PingInterval(time.Hour))
	if err != nil {
		return nil, fmt.Errorf("connect to the engine: %w", err)
	}
	e.js, err = jetstream.New(e.conn, jetstream.WithPublishAsyncTimeout(publishTimeout))
	if err != nil {
		return nil, fmt.Errorf("connect to the engine: %w", err)
	}
	return e, nil
}

func engineDir(dir string) string { return filepath.Join(dir, "engine") }

func engineOptions(dir string) *server.Options {
	return &server.Options{
		ServerName:             "lamgate",
		DontListen:             true,
		NoSigs:                 true,
		NoLog:                  true,
		NoSublistCache:         true,
		DisableShortFirstPing:  true,
		PingInterval:           time.Hour,
		MaxPayload:             maxPayload,
		MaxControlLine:         2 * maxSubject,
		MaxPending:             256 << 20,
		JetStream:              true,
		DisableJetStreamBanner: true,
		StoreDir:               engineDir(dir),
		JetStreamMaxMemory:     64 << 20,
		// Room is watched in space.go, by what the disk really has.
		JetStreamMaxStore: math.MaxInt64 / 4,
		// What the engine acknowledges is on disk; its default is to sync
		// every two minutes.
		SyncAlways: true,
	}
}

func (e *engine) stop() {
	e.fail(errStopped)
	if e.feed != nil {
		e.feed.Stop()
	}
	if e.conn != nil {
		e.conn.Close()
	}
	if e.server != nil {
		e.server.Shutdown()
		e.server.WaitForShutdown()
	}
}

var errStopped = errors.New("engine stopped")

// isAPIError reports whether err is JetStream's answer with the given code.
func isAPIError(err error, code jetstream.ErrorCode) bool {
	answer, ok := errors.AsType[*jetstream.APIError](err)
	return ok && answer.ErrorCode == code
}

// headers calls yield with the headers of the messages that a stream holds
// under a filter, in order.
func (e *engine) headers(ctx context.Context, stream, filter string, yield func(jetstream.Msg, uint64)) error {
	consumer, err := e.js.CreatePushConsumer(ctx, stream, jetstream.ConsumerConfig{
		DeliverSubject:    e.conn.NewInbox(),
		DeliverPolicy:     jetstream.DeliverAllPolicy,
		AckPolicy:         jetstream.AckNonePolicy,
		FilterSubject:     filter,
		HeadersOnly:       true,
		MemoryStorage:     true,
		FlowControl:       true,
		IdleHeartbeat:     time.Minute,
		InactiveThreshold: time.Minute,
	})
	if err != nil {
		return err
	}
	if consumer.CachedInfo().NumPending == 0 {
		return e.js.DeleteConsumer(ctx, stream, consumer.CachedInfo().Name)
	}
	all := make(chan struct{})
	feed, err := consumer.Consume(func(msg jetstream.Msg) {
		meta, err := msg.Metadata()
		if err != nil {
			e.fail(err)
			return
		}
		yield(msg, meta.Sequence.Stream)
		if meta.NumPending == 0 {
			close(all)
		}
	})
	if err != nil {
		return err
	}
	defer feed.Stop()
	select {
	case <-all:
		return nil
	case <-e.failed.Done():
		return context.Cause(e.failed)
	case <-ctx.Done():
		return ctx.Err()
	}
}
