package destination

import (
	"net"
	"net/http"
	"time"

	"github.com/lamgate/lamgate/wire"
)

// callTime bounds a call; what takes longer is tried again.
const callTime = 15 * time.Second

func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		MaxIdleConnsPerHost: ofDestination,
		IdleConnTimeout:     30 * time.Second,
	}
}

// client returns a client of the service of a target, that acts as the
// function's role.
func (s *Service) client(d *delivery, t *target) (*wire.Client, error) {
	to := s.Endpoints[t.Service]
	var own http.Handler
	if to == nil && s.Services != nil {
		own = s.Services(t.Service)
	}
	if to == nil && own == nil {
		return nil, &refusal{
			what: "lamgate does not serve the AWS service " + t.Service + " and was not told where it is",
			mend: "lamgate serve --endpoint " + t.Service + "=URL",
		}
	}
	var key AccessKey
	if s.Credentials != nil {
		key = s.Credentials(d.Function.Account, d.Role, d.Function.Name)
	}
	if to != nil {
		return wire.NewClient(to.String(), t.Region, key.ID, key.Secret).WithSession(key.SessionToken).WithTransport(s.transport), nil
	}
	host := "http://" + t.Service + "." + t.Region + ".amazonaws.com"
	return wire.NewClient(host, t.Region, key.ID, key.Secret).WithSession(key.SessionToken).WithHandler(own), nil
}
