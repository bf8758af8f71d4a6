package rest

import (
	"crypto/tls"
	"encoding/json"

	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

// A certificate is a client certificate, ready to be shown to endpoints.
type certificate struct {
	account string
	tls     tls.Certificate
}

func formCertificate(d state.Document) (*certificate, error) {
	var document plan.ClientCertificate
	if err := json.Unmarshal(d.Value, &document); err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(document.Certificate), []byte(document.PrivateKey))
	return &certificate{document.Account, pair}, err
}

func formLink(d state.Document) (*plan.VPCLink, error) {
	link := new(plan.VPCLink)
	return link, json.Unmarshal(d.Value, link)
}
