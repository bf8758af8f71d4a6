package image

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Whoever may create functions names the registries that lamgate asks, and a
// registry says where its blobs and its tokens are. Neither may lead lamgate to
// this host's own services, its own among them, nor to the link, where clouds
// answer for the machine: those are reached only where Options.Insecure names
// them. The addresses are looked at when a connection is made, so that no name
// leads there either.

// closedPrefixes are addresses that are this host's, its link's, or nobody's.
var closedPrefixes = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this host"},
	{netip.MustParsePrefix("::/128"), "this host"},
	{netip.MustParsePrefix("127.0.0.0/8"), "this host's loopback"},
	{netip.MustParsePrefix("::1/128"), "this host's loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "this host's link, where clouds answer for the machine"},
	{netip.MustParsePrefix("fe80::/10"), "this host's link"},
	{netip.MustParsePrefix("fd00:ec2::/32"), "where AWS answers for the machine"},
	{netip.MustParsePrefix("fd20:ce::254/128"), "where Google Cloud answers for the machine"},
	{netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"), "where Oracle's cloud answers for the machine"},
	{netip.MustParsePrefix("168.63.129.16/32"), "where Azure answers for the machine"},
	{netip.MustParsePrefix("100.100.100.200/32"), "where Alibaba Cloud answers for the machine"},
	{netip.MustParsePrefix("192.0.0.0/24"), "where Oracle's cloud answers for the machine"},
	{netip.MustParsePrefix("224.0.0.0/4"), "a group"},
	{netip.MustParsePrefix("ff00::/8"), "a group"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
}

// A reach decides where registries may be.
type reach struct {
	named []string                   // HOST or HOST:PORT, that may be anywhere
	own   func() ([]net.Addr, error) // the addresses of this host

	mu      sync.Mutex
	proxies map[string]bool // HOST:PORT of those that the host's environment names
}

func newReach(named []string) *reach {
	r := &reach{own: net.InterfaceAddrs, proxies: map[string]bool{}}
	for _, host := range named {
		r.named = append(r.named, usual(host))
	}
	return r
}

// A closedAddress is one that no registry may have, or lead to.
type closedAddress struct {
	host string // as it was named
	what string
}

func (c *closedAddress) Error() string {
	return fmt.Sprintf("%s is %s, and images are fetched from there only if lamgate is told so: --insecure-registry %[1]s", c.host, c.what)
}

// names reports whether a host is one that Options.Insecure names.
func (r *reach) names(host string) bool { return slices.Contains(r.named, usual(host)) }

// usual writes a host with no port where that is a usual one.
func usual(host string) string {
	host = strings.ToLower(host)
	name, port, err := net.SplitHostPort(host)
	if err != nil || port != "443" && port != "80" {
		return host
	}
	if strings.Contains(name, ":") {
		return "[" + name + "]"
	}
	return name
}

// refuses tells what an address is that may not be reached; empty if it may.
func (r *reach) refuses(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	for _, c := range closedPrefixes {
		if c.prefix.Contains(a) {
			return c.what
		}
	}
	list, err := r.own()
	if err != nil {
		return "perhaps this host itself: " + err.Error()
	}
	for _, of := range list {
		if p, err := netip.ParsePrefix(of.String()); err == nil && p.Addr().Unmap().WithZone("") == a {
			return "this host itself"
		}
	}
	return ""
}

// dial connects to where a registry is.
func (r *reach) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: answerLimit}
	r.mu.Lock()
	open := r.proxies[address]
	r.mu.Unlock()
	if !open && !r.names(address) {
		d.Control = func(_, to string, _ syscall.RawConn) error {
			a, err := netip.ParseAddrPort(to)
			if err != nil {
				return err
			}
			if what := r.refuses(a.Addr()); what != "" {
				return &closedAddress{address, what}
			}
			return nil
		}
	}
	return d.DialContext(ctx, network, address)
}

// proxy is the proxy that this host's environment names for a request. Behind it
// names mean what it takes them for; addresses mean here what they always do.
func (r *reach) proxy(q *http.Request) (*url.URL, error) {
	to, err := http.ProxyFromEnvironment(q)
	if to == nil || err != nil {
		return to, err
	}
	if a, err := netip.ParseAddr(q.URL.Hostname()); err == nil && !r.names(q.URL.Host) {
		if what := r.refuses(a); what != "" {
			return nil, &closedAddress{q.URL.Host, what}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.proxies[proxyAddress(to)] = true
	return to, nil
}

// proxyAddress is where net/http connects for a proxy.
func proxyAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if port == "" {
		port = "1080" // SOCKS
	}
	return net.JoinHostPort(u.Hostname(), port)
}
