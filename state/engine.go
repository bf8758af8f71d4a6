package state

import (
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
}

// maxPayload bounds a message of the engine; larger values go to chunks.
const maxPayload = 8 << 20

const startTimeout = 30 * time.Second

func startEngine(dir string, log *slog.Logger) (*engine, error) {
	srv, err := server.NewServer(&server.Options{
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
		StoreDir:               filepath.Join(dir, "engine"),
		JetStreamMaxMemory:     64 << 20,
		// Room is watched in space.go, by what the disk really has.
		JetStreamMaxStore: math.MaxInt64 / 4,
		// What the engine acknowledges is on disk; its default is to sync
		// every two minutes.
		SyncAlways: true,
	})
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	sink := &engineLog{log: log}
	srv.SetLoggerV2(sink, false, false, false)
	srv.Start()
	if !srv.ReadyForConnections(startTimeout) || !srv.JetStreamEnabled() {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil, fmt.Errorf("engine did not start: %s", sink.lastError())
	}
	conn, err := nats.Connect("", nats.InProcessServer(srv), nats.NoReconnect(), nats.PingInterval(time.Hour))
	if err != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil, fmt.Errorf("connect to the engine: %w", err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil, fmt.Errorf("connect to the engine: %w", err)
	}
	return &engine{srv, conn, js}, nil
}

func (e *engine) stop() {
	e.conn.Close()
	e.server.Shutdown()
	e.server.WaitForShutdown()
}

// isAPIError reports whether err is JetStream's answer with the given code.
func isAPIError(err error, code jetstream.ErrorCode) bool {
	answer, ok := errors.AsType[*jetstream.APIError](err)
	return ok && answer.ErrorCode == code
}
