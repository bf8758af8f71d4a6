package image

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Addresses that no registry may have, whatever leads there, and others.
func TestWhereRegistriesMayBe(t *testing.T) {
	r := newReach(nil)
	r.own = func() ([]net.Addr, error) {
		_, n, err := net.ParseCIDR("192.0.2.7/24")
		n.IP = net.ParseIP("192.0.2.7")
		return []net.Addr{n}, err
	}
	for address, open := range map[string]bool{
		"127.0.0.1": false, "127.9.9.9": false, "::1": false, "::ffff:127.0.0.1": false, "0.0.0.0": false, "::": false,
		"169.254.169.254": false, "::ffff:169.254.169.254": false, "fe80::1%eth0": false, "fd00:ec2::254": false, "fd20:ce::254": false, "fd00:c1::a9fe:a9fe": false, "168.63.129.16": false,
		"224.0.0.1": false, "ff02::1": false, "255.255.255.255": false, "192.0.2.7": false,
		"192.0.2.8": true, "10.0.0.1": true, "192.168.0.9": true, "172.17.0.1": true, "93.184.215.14": true, "2001:db8::1": true, "fd12::1": true,
	} {
		if what := r.refuses(netip.MustParseAddr(address)); (what == "") != open {
			t.Errorf("%s: %q", address, what)
		}
	}
	r.own = func() ([]net.Addr, error) { return nil, errors.New("no") }
	if r.refuses(netip.MustParseAddr("192.0.2.8")) == "" {
		t.Error("reached though nobody knows whose it is")
	}
}

func TestHostsThatAreNamed(t *testing.T) {
	r := newReach([]string{"Localhost:5000", "registry.test", "[::1]", "127.0.0.1:80"})
	for host, named := range map[string]bool{
		"localhost:5000": true, "localhost:5001": false, "localhost": false, "127.0.0.1:5000": false,
		"registry.test": true, "REGISTRY.test:443": true, "registry.test:80": true, "registry.test:5000": false, "a.registry.test": false,
		"[::1]": true, "[::1]:443": true, "[::1]:5000": false, "127.0.0.1": true, "127.0.0.1:80": true,
	} {
		if r.names(host) != named {
			t.Errorf("%s: %v", host, !named)
		}
	}
}

// Neither a reference, nor what a registry says, leads to this host's own
// services, unless they are named.
func TestNothingIsFetchedFromThisHost(t *testing.T) {
	asked := 0
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer inside.Close()
	secret := strings.TrimPrefix(inside.URL, "http://")
	_, port, _ := net.SplitHostPort(secret)
	answer := func(w http.ResponseWriter, r *http.Request) {}
	host := serve(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) })
	})
	challenge := func(realm string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	}
	redirect := func(to string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusTemporaryRedirect) }
	}
	s := newStore(t, nil)
	for name, c := range map[string]struct {
		reference, says string
		answer          func(http.ResponseWriter, *http.Request)
	}{
		"loopback":          {secret + "/app:1", secret + " is this host's loopback", nil},
		"localhost":         {"localhost:" + port + "/app:1", "localhost:" + port + " is this host's loopback", nil},
		"no address":        {"0.0.0.0:" + port + "/app:1", "this host", nil},
		"IPv6":              {"[::1]:" + port + "/app:1", "this host's loopback", nil},
		"metadata":          {"169.254.169.254/app:1", "where clouds answer for the machine", nil},
		"redirect":          {host + "/app:1", secret + " is this host's loopback", redirect(inside.URL + "/v2/")},
		"redirect to cloud": {host + "/app:1", "where clouds answer for the machine", redirect("http://169.254.169.254/latest/meta-data/")},
		"token":             {host + "/app:1", secret + " is this host's loopback", challenge(inside.URL + "/token")},
	} {
		if answer = c.answer; answer == nil {
			answer = http.NotFound
		}
		_, err := s.Describe(t.Context(), c.reference, "")
		if reason(err) != InvalidImage || passing(err) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "--insecure-registry") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if asked != 0 {
		t.Errorf("a service of this host was asked %d times", asked)
	}
}

// A proxy may be on this host. It is not asked for this host's own, or its link's,
// addresses.
func TestProxiesAreNoWayRound(t *testing.T) {
	r := newReach(nil)
	t.Setenv("HTTPS_PROXY", "http://proxy.test")
	// net/http reads the environment once; another test may have been first.
	probe, _ := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: "registry.example"}})
	if probe == nil {
		t.Skip("the environment has been read before")
	}
	if _, err := r.proxy(&http.Request{URL: &url.URL{Scheme: "https", Host: "169.254.169.254"}}); err == nil {
		t.Error("the proxy is asked for the link")
	}
	to, err := r.proxy(&http.Request{URL: &url.URL{Scheme: "https", Host: "registry.example"}})
	if err != nil || to.Host != "proxy.test" || !r.proxies["proxy.test:80"] {
		t.Errorf("%v, %v, %v", to, err, r.proxies)
	}
}

// What names meant goes with what they meant.
func TestNamesGoWithTheirImages(t *testing.T) {
	host := serve(t, nil)
	push(t, host+"/app:1", imageOf(t, "amd64", v1.Config{}, layerOf(t, archiveOf(t, file("a", "1")))))
	s := newStore(t, nil)
	if _, err := s.Describe(t.Context(), host+"/app:1", "x86_64"); err != nil {
		t.Fatal(err)
	}
	if s.recall(host+"/app:1", "x86_64") != "" {
		t.Error("a name is kept of what is not there")
	}
	tree, err := s.Open(t.Context(), image(host+"/app:1"), "x86_64")
	if err != nil {
		t.Fatal(err)
	}
	s.Collect(0, func(string) bool { return false })
	if s.recall(host+"/app:1", "x86_64") != tree.Digest {
		t.Error("a name is forgotten whose image is in use")
	}
	tree.Release()
	s.Collect(0, func(string) bool { return false })
	if s.recall(host+"/app:1", "x86_64") != "" || len(s.Digests()) != 0 {
		t.Error("a name outlives its image")
	}
}
