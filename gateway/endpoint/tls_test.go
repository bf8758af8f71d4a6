package endpoint

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// An authority issues certificates for tests.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

type template = x509.Certificate

// valid is a certificate for the test's host on the manual clock's day.
func valid(name string) *template {
	day := manualClock().Now()
	return &template{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: day.Add(-time.Hour), NotAfter: day.Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
}

// issue makes a certificate; without an authority it signs itself.
func issue(t *testing.T, c *template, by *authority) (tls.Certificate, *authority) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer := by
	if signer == nil {
		signer = &authority{c, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, signer.certificate, &key.PublicKey, signer.key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, &authority{leaf, key}
}

func root(t *testing.T, change func(*template)) (tls.Certificate, *authority) {
	c := valid("Test Root")
	c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
	if change != nil {
		change(c)
	}
	return issue(t, c, nil)
}

// secure serves over TLS; it answers with the client's certificate.
func secure(t *testing.T, config *tls.Config) *httptest.Server {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) > 0 {
			_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
		}
	}))
	s.TLS = config
	s.TLS.Time = manualClock().Now
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestCertificatesOfServersAreVerified(t *testing.T) {
	rootCertificate, ca := root(t, nil)
	leafOf := func(by *authority, change func(*template)) tls.Certificate {
		c := valid("Test Leaf")
		if change != nil {
			change(c)
		}
		leaf, _ := issue(t, c, by)
		return leaf
	}
	withRoot := func(leaf, root tls.Certificate) tls.Certificate {
		leaf.Certificate = append(leaf.Certificate, root.Certificate...)
		return leaf
	}
	expired := func(c *template) { c.NotAfter = c.NotBefore.Add(time.Minute) }
	future := func(c *template) { c.NotBefore = c.NotAfter.Add(-time.Minute) }
	other := func(c *template) { c.IPAddresses, c.DNSNames = nil, []string{"other.example"} }
	weakRoot, weakCA := root(t, func(c *template) { c.KeyUsage = x509.KeyUsageDigitalSignature })
	selfSigned, _ := root(t, nil)
	trusted := x509.NewCertPool()
	trusted.AddCert(ca.certificate)
	none := x509.NewCertPool()
	for _, c := range []struct {
		name     string
		server   tls.Certificate
		roots    *x509.CertPool
		insecure bool
		want     Kind // 0 for an answer
		says     string
	}{
		{"trusted", leafOf(ca, nil), trusted, false, 0, ""},
		{"unknown authority", leafOf(ca, nil), none, false, UnknownAuthority, "CN=Test Root"},
		{"signed by itself", selfSigned, none, false, UnknownAuthority, "not trusted"},
		{"expired", leafOf(ca, expired), trusted, false, Expired, "to 2026-03-01T11:01:00Z"},
		{"not valid yet", leafOf(ca, future), trusted, false, Expired, "valid from 2026-03-01T12:59:00Z"},
		{"another host", leafOf(ca, other), trusted, false, WrongHost, "other.example, not for 127.0.0.1"},
		{"insecure: trusted", leafOf(ca, nil), trusted, true, 0, ""},
		{"insecure: an authority of its own", withRoot(leafOf(ca, nil), rootCertificate), none, true, 0, ""},
		{"insecure: signed by itself", selfSigned, none, true, 0, ""},
		{"insecure: expired", withRoot(leafOf(ca, expired), rootCertificate), none, true, Expired, "valid from"},
		{"insecure: another host", withRoot(leafOf(ca, other), rootCertificate), none, true, WrongHost, "other.example"},
		{"insecure: another host, trusted", leafOf(ca, other), trusted, true, WrongHost, "other.example"},
		{"insecure: the authority is not shown", leafOf(ca, nil), none, true, UnknownAuthority, "CA:TRUE"},
		{"insecure: the authority may not sign", withRoot(leafOf(weakCA, nil), weakRoot), none, true, UnknownAuthority, "keyCertSign"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := secure(t, &tls.Config{Certificates: []tls.Certificate{c.server}})
			q := &Request{Method: "GET", Scheme: "https", Address: s.Listener.Addr().String(), InsecureSkipVerification: c.insecure}
			var a Response
			err := newClient(t, Config{Clock: manualClock(), Roots: c.roots}).Do(t.Context(), q, &a)
			if c.want != 0 {
				wantKind(t, err, c.want, c.says)
			} else if err != nil || a.Status != 200 {
				t.Errorf("%d, %v", a.Status, err)
			}
		})
	}
}

// One request that skips verification does not open the door to another.
func TestConnectionsWithoutVerificationAreOnlyForTheirKind(t *testing.T) {
	own, _ := root(t, nil)
	s := secure(t, &tls.Config{Certificates: []tls.Certificate{own}})
	client := newClient(t, Config{Clock: manualClock(), Roots: x509.NewCertPool()})
	q := &Request{Method: "GET", Scheme: "https", Address: s.Listener.Addr().String(), InsecureSkipVerification: true}
	var a Response
	if err := client.Do(t.Context(), q, &a); err != nil {
		t.Fatal(err)
	}
	q.InsecureSkipVerification = false
	wantKind(t, client.Do(t.Context(), q, &a), UnknownAuthority, "")
}

func TestAClientsCertificateIsShown(t *testing.T) {
	server, ca := root(t, nil)
	pool := x509.NewCertPool()
	pool.AddCert(ca.certificate)
	client1, _ := issue(t, valid("client-1"), ca)
	client2, _ := issue(t, valid("client-2"), ca)
	s := secure(t, &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert})
	client := newClient(t, Config{Clock: manualClock(), Roots: pool})
	q := &Request{Method: "GET", Scheme: "https", Address: s.Listener.Addr().String()}
	var a Response
	wantKind(t, client.Do(t.Context(), q, &a), TLS, "certificate required")
	for _, c := range []*tls.Certificate{&client1, &client2, &client1} {
		q.Certificate = c
		if err := client.Do(t.Context(), q, &a); err != nil || string(a.Body) != c.Leaf.Subject.CommonName {
			t.Errorf("%q, %v", a.Body, err)
		}
	}
	if n := client.idle.Load(); n != 2 {
		t.Errorf("%d connections wait, want one for each certificate", n)
	}
}

func TestConnectionsOfTLSAreUsedAgain(t *testing.T) {
	server, ca := root(t, nil)
	pool := x509.NewCertPool()
	pool.AddCert(ca.certificate)
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			s := secure(t, &tls.Config{Certificates: []tls.Certificate{server}, MaxVersion: version})
			client := newClient(t, Config{Clock: manualClock(), Roots: pool})
			q := &Request{Method: "GET", Scheme: "https", Address: s.Listener.Addr().String()}
			var a Response
			var first *connection
			for range 3 {
				if err := client.Do(t.Context(), q, &a); err != nil {
					t.Fatal(err)
				}
				for _, p := range client.pools {
					if first == nil {
						first = p.idle[0]
					} else if len(p.idle) != 1 || p.idle[0] != first {
						t.Error("another connection was opened")
					}
				}
			}
		})
	}
}

// What TLS has read ahead of the end of an answer would be the next answer.
func TestWhatFollowsAnAnswerOverTLSIsNotTheNextOne(t *testing.T) {
	server, ca := root(t, nil)
	pool := x509.NewCertPool()
	pool.AddCert(ca.certificate)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{server}, Time: manualClock().Now})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				// The answer just fills the client's buffer, in one record with
				// what follows.
				head := "HTTP/1.1 200 OK\r\nContent-Length: 4055\r\n\r\n"
				b := make([]byte, 1<<10)
				for _, err := c.Read(b); err == nil; _, err = c.Read(b) {
					answer := append([]byte(head), make([]byte, 4055)...)
					_, _ = c.Write(append(answer, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"...))
				}
			}()
		}
	}()
	client := newClient(t, Config{Clock: manualClock(), Roots: pool})
	q := &Request{Method: "GET", Scheme: "https", Address: l.Addr().String()}
	var a Response
	for range 3 {
		if err := client.Do(t.Context(), q, &a); err != nil || len(a.Body) != 4055 {
			t.Fatalf("%q, %v", a.Body, err)
		}
	}
}

func TestAServerWithoutTLSIsNamed(t *testing.T) {
	plain := serve(t, func(_ int, c net.Conn, r *bufio.Reader) {
		if _, err := r.ReadByte(); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
			untilClosed(r)
		}
	})
	q := &Request{Method: "GET", Scheme: "https", Address: plain.address}
	var a Response
	wantKind(t, newClient(t, Config{}).Do(t.Context(), q, &a), TLS, "does not speak TLS")
	silent := serve(t, func(int, net.Conn, *bufio.Reader) {})
	q.Address = silent.address
	wantKind(t, newClient(t, Config{}).Do(t.Context(), q, &a), TLS, "while TLS was being agreed on")
	// And the other way round.
	own, _ := root(t, nil)
	tlsServer := secure(t, &tls.Config{Certificates: []tls.Certificate{own}})
	q = &Request{Method: "GET", Scheme: "http", Address: tlsServer.Listener.Addr().String()}
	if err := newClient(t, Config{}).Do(t.Context(), q, &a); err != nil || a.Status != 400 {
		t.Errorf("%d, %v", a.Status, err) // net/http says it in HTTP
	}
}
