package lambda

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/state"
)

// A storage counts the code that each account has stored in each region. It
// follows the documents from when it is first asked: to read them all at each
// upload would take longer than the upload.
type storage struct {
	begin sync.Once
	stop  []func()

	mu    sync.Mutex
	sizes map[string]int64 // by the key of a function's or a layer version's document
	sums  map[string]int64 // by ACCOUNT/REGION
}

// A codeHolder is what documents say of code. Each version of a function counts,
// though those of the same package share it.
type codeHolder struct {
	Code     sized // of a layer version
	Latest   struct{ Code sized }
	Versions map[string]struct{ Code sized }
}

type sized struct{ Size int64 }

func (s *storage) follow(docs state.Documents) {
	s.begin.Do(func() {
		s.sizes, s.sums = map[string]int64{}, map[string]int64{}
		for _, prefix := range []string{execution.FunctionsPrefix, execution.LayersPrefix} {
			s.stop = append(s.stop, docs.Watch(prefix, s.change))
		}
	})
}

func (s *storage) change(c state.Change) {
	var size int64
	var h codeHolder
	if !c.Deleted && json.Unmarshal(c.Value, &h) == nil { // one that cannot be read is told of elsewhere
		size = h.Code.Size + h.Latest.Code.Size
		for _, v := range h.Versions {
			size += v.Code.Size
		}
	}
	_, place, _ := strings.Cut(c.Key, "/")
	parts := strings.SplitN(place, "/", 3)
	if len(parts) < 3 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sums[parts[0]+"/"+parts[1]] += size - s.sizes[c.Key]
	if s.sizes[c.Key] = size; c.Deleted {
		delete(s.sizes, c.Key)
	}
}

func (s *storage) close() {
	s.begin.Do(func() {})
	for _, stop := range s.stop {
		stop()
	}
}

// codeStored is how much code an account has in a region.
func (s *Service) codeStored(account, region string) int64 {
	s.stored.follow(s.Documents)
	s.stored.mu.Lock()
	defer s.stored.mu.Unlock()
	return s.stored.sums[account+"/"+region]
}

// checkStored checks that an account may store so much code more.
func (s *Service) checkStored(account, region string, more int64) error {
	if s.codeStored(account, region)+more > maxStored {
		// AWS: the words that users report.
		return userFault(http.StatusBadRequest, "CodeStorageExceededException", "Code storage limit exceeded.")
	}
	return nil
}
