package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/environment"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// own are lamgate's own endpoints: what its commands ask for and AWS has no
// operation for. They only read.
type own struct {
	journeys *telemetry.Journeys
	blobs    state.Blobs
	fleet    *environment.Fleet
	clock    aws.Clock
	log      *slog.Logger
	url      string
	key      []byte // signs the URLs of deployment packages
}

func (o *own) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+ownPrefix+"health", o.health)
	mux.HandleFunc("GET "+ownPrefix+"journeys/{id}", o.journey)
	mux.HandleFunc("GET "+ownPrefix+"environments", o.environments)
	mux.HandleFunc("GET "+codePath+"{blob...}", o.code)
	mux.HandleFunc(ownPrefix, func(w http.ResponseWriter, r *http.Request) {
		o.refuse(w, http.StatusNotFound, "lamgate has nothing at "+r.URL.Path)
	})
	return mux
}

// forFunctions is what functions reach of all. It tells those who run the server of
// all accounts; a function's are the packages whose URLs it is given.
func (o *own) forFunctions(all http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, codePath) {
			o.refuse(w, http.StatusForbidden, "functions are not told what lamgate tells who runs it")
			return
		}
		all.ServeHTTP(w, r)
	})
}

func (o *own) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		o.log.Debug("an answer was not taken", "error", err)
	}
}

func (o *own) refuse(w http.ResponseWriter, status int, message string) {
	o.answer(w, status, struct{ Message string }{message})
}

func (o *own) health(w http.ResponseWriter, _ *http.Request) {
	o.answer(w, http.StatusOK, struct{ Name, Status string }{"lamgate", "ok"})
}

// A Journey is the JSON form of a request's journey.
type Journey struct {
	RequestID  string
	ExtendedID string `json:",omitempty"`
	Invocation string `json:",omitempty"` // the function's own request ID
	API        string `json:",omitempty"`
	Stage      string `json:",omitempty"`
	Method     string `json:",omitempty"`
	Path       string `json:",omitempty"`
	Function   string `json:",omitempty"`
	Account    string
	Region     string
	Started    time.Time
	Status     int
	TookNanos  int64
	Steps      []JourneyStep
	LostSteps  int `json:",omitempty"` // that the journey had no room for
}

// A JourneyStep is one step of a Journey.
type JourneyStep struct {
	Name    string
	Verdict string // passed, denied, failed or skipped
	AtNanos int64
	Why     string `json:",omitempty"`
	Mend    string `json:",omitempty"` // what would mend it
}

func (o *own) journey(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	j, ok := o.journeys.Find(id)
	if !ok {
		o.refuse(w, http.StatusNotFound, fmt.Sprintf("no request %s is known: the last %d are kept, and a restart forgets them", id, telemetry.KeptJourneys))
		return
	}
	out := Journey{
		RequestID: j.RequestID, ExtendedID: j.ExtendedID, Invocation: j.Invocation, API: j.API, Stage: j.Stage, Method: j.Method, Path: j.Path,
		Function: j.Function, Account: j.Account, Region: j.Region, Started: j.Started, Status: j.Status, TookNanos: int64(j.Took), Steps: []JourneyStep{},
	}
	steps, lost := j.Steps()
	out.LostSteps = lost
	for _, s := range steps {
		step := JourneyStep{Name: s.Name, Verdict: s.Verdict.String(), AtNanos: int64(s.At)}
		if s.Detail != nil {
			step.Why, step.Mend = s.Detail.Explain()
		}
		out.Steps = append(out.Steps, step)
	}
	o.answer(w, http.StatusOK, out)
}

// codePath is where deployment packages can be fetched by a signed URL, as from
// S3 on AWS.
const codePath = ownPrefix + "code/"

// codeLifetime is how long a package's URL is good.
//
// AWS: GetFunction's reference says ten minutes.
const codeLifetime = 10 * time.Minute

// codeLocation returns a URL of a package in the blob store.
func (o *own) codeLocation(blob string) string {
	expires := strconv.FormatInt(o.clock.Now().Add(codeLifetime).Unix(), 10)
	segments := strings.Split(blob, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return o.url + codePath + strings.Join(segments, "/") + "?Expires=" + expires + "&Signature=" + o.signCode(blob, expires)
}

func (o *own) signCode(blob, expires string) string {
	h := hmac.New(sha256.New, o.key)
	fmt.Fprintf(h, "code\n%s\n%s", blob, expires)
	return hex.EncodeToString(h.Sum(nil))
}

func (o *own) code(w http.ResponseWriter, r *http.Request) {
	blob, query := r.PathValue("blob"), r.URL.Query()
	expires, err := strconv.ParseInt(query.Get("Expires"), 10, 64)
	if err != nil || !hmac.Equal([]byte(query.Get("Signature")), []byte(o.signCode(blob, query.Get("Expires")))) {
		o.refuse(w, http.StatusForbidden, "the URL's signature does not match")
		return
	}
	if o.clock.Now().Unix() > expires {
		o.refuse(w, http.StatusForbidden, "the URL has expired: ask GetFunction for another")
		return
	}
	content, err := o.blobs.Open(r.Context(), blob)
	if errors.Is(err, state.ErrNotFound) {
		o.refuse(w, http.StatusNotFound, "the package is gone")
		return
	}
	if err != nil {
		o.log.Error("a package cannot be read", "blob", blob, "error", err)
		o.refuse(w, http.StatusInternalServerError, "the package cannot be read")
		return
	}
	defer content.Close()
	w.Header().Set("Content-Type", "application/zip")
	if _, err := io.Copy(w, content); err != nil {
		o.log.Debug("a package was not taken", "error", err)
	}
}
