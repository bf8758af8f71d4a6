package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"time"
)

// tlsConfig is what the connections of a pool are opened with.
func (p *pool) tlsConfig(insecure bool, certificate *tls.Certificate) *tls.Config {
	config := &tls.Config{
		ServerName:         p.host,
		RootCAs:            p.client.roots,
		Time:               p.client.clock.Now,
		MinVersion:         tls.VersionTLS12,
		ClientSessionCache: tls.NewLRUClientSessionCache(0),
	}
	if certificate != nil {
		config.Certificates = []tls.Certificate{*certificate}
	}
	if insecure {
		config.InsecureSkipVerify = true
		config.VerifyConnection = p.verifyBasics
	}
	return config
}

// verifyBasics is what is left of verification with insecureSkipVerification.
//
// AWS: it lets any authority be the root, even the server's own certificate, but
// the time, the host and the root itself are still verified; the root's keyUsage
// must have keyCertSign, and its basicConstraints CA:TRUE (developer guide,
// x-amazon-apigateway-integration.tlsConfig).
func (p *pool) verifyBasics(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("the server shows no certificate")
	}
	leaf := s.PeerCertificates[0]
	options := x509.VerifyOptions{Roots: p.client.roots, Intermediates: x509.NewCertPool(), DNSName: p.host, CurrentTime: p.client.clock.Now()}
	for _, c := range s.PeerCertificates[1:] {
		options.Intermediates.AddCert(c)
	}
	_, err := leaf.Verify(options)
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok {
		return p.verification(leaf, err)
	}
	root := s.PeerCertificates[len(s.PeerCertificates)-1]
	switch {
	case !root.BasicConstraintsValid || !root.IsCA:
		return &Error{Kind: UnknownAuthority, Err: err, Detail: "the certificate of " + p.address + " comes without that of its authority: the last one shown, " +
			subject(root) + ", must have CA:TRUE in basicConstraints, with insecureSkipVerification too"}
	case root.KeyUsage&x509.KeyUsageCertSign == 0:
		return &Error{Kind: UnknownAuthority, Err: err, Detail: "the authority that " + p.address + " shows, " + subject(root) +
			", must have keyCertSign in keyUsage, with insecureSkipVerification too"}
	}
	options.Roots = x509.NewCertPool()
	options.Roots.AddCert(root)
	_, err = leaf.Verify(options)
	return p.verification(leaf, err)
}

// verification keeps the form in which crypto/tls itself reports errors.
func (p *pool) verification(leaf *x509.Certificate, err error) error {
	if err == nil {
		return nil
	}
	return &tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{leaf}, Err: err}
}

// handshakeError explains why TLS was not agreed on.
func (p *pool) handshakeError(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e := p.tlsError(err); e != nil {
		return e
	}
	e := p.transferError(err).(*Error)
	return &Error{Kind: TLS, Detail: p.address + " ended the connection while TLS was being agreed on", Err: e.Err}
}

// tlsError explains a failure of TLS; nil if it is none.
func (p *pool) tlsError(err error) error {
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		issuer := "an authority"
		if e.Cert != nil {
			issuer = e.Cert.Issuer.String()
		}
		return &Error{Kind: UnknownAuthority, Detail: "the certificate of " + p.address + " is issued by " + issuer + ", which is not trusted here", Err: err}
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		detail := "the certificate of " + p.address + " is not valid now"
		if e.Cert != nil {
			detail = "the certificate " + subject(e.Cert) + " of " + p.address + " is valid from " + e.Cert.NotBefore.UTC().Format(time.RFC3339) + " to " + e.Cert.NotAfter.UTC().Format(time.RFC3339)
		}
		return &Error{Kind: Expired, Detail: detail, Err: err}
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return &Error{Kind: WrongHost, Detail: "the certificate of " + p.address + " is for " + hosts(e.Certificate) + ", not for " + e.Host, Err: err}
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		kind := TLS
		if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
			kind = UnknownAuthority
		}
		return &Error{Kind: kind, Detail: "the certificate of " + p.address + " cannot be trusted: " + e.Err.Error(), Err: err}
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return &Error{Kind: TLS, Detail: p.address + " does not speak TLS: call it by http", Err: err}
	}
	if e, ok := errors.AsType[tls.AlertError](err); ok {
		return &Error{Kind: TLS, Detail: p.address + " refused TLS: " + strings.TrimPrefix(e.Error(), "tls: "), Err: err}
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && (e.Op == "remote error" || e.Op == "local error") {
		return &Error{Kind: TLS, Detail: p.address + " refused TLS: " + strings.TrimPrefix(e.Err.Error(), "tls: "), Err: err}
	}
	if strings.HasPrefix(err.Error(), "tls: ") {
		return &Error{Kind: TLS, Detail: "TLS with " + p.address + " failed: " + strings.TrimPrefix(err.Error(), "tls: "), Err: err}
	}
	return nil
}

func subject(c *x509.Certificate) string { return "\"" + c.Subject.String() + "\"" }

// hosts are those that a certificate is for.
func hosts(c *x509.Certificate) string {
	if c == nil {
		return "others"
	}
	var list []string
	list = append(list, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		list = append(list, ip.String())
	}
	const most = 8
	switch {
	case len(list) == 0:
		return "no host at all"
	case len(list) > most:
		list = append(list[:most], "others")
	}
	return strings.Join(list, ", ")
}
