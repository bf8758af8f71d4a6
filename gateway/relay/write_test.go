package relay

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
)

// A caller who asks for a large body and reads nothing of it does not keep it.
func TestACallerWhoTakesNothingIsGivenUp(t *testing.T) {
	clock := aws.NewManualClock(time.Unix(1700000000, 0))
	ended := make(chan error, 1)
	writing := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(writing)
		ended <- Write(w, make([]byte, 64<<20), clock, time.Minute)
	}))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-writing
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case err := <-ended:
			if !errors.Is(err, ErrGone) {
				t.Errorf("it ends with %v", err)
			}
			return
		case <-tick.C:
			clock.Advance(time.Second)
		case <-deadline:
			t.Fatal("it does not end")
		}
	}
}
