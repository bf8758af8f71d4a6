package network

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What is asked of Resolver is passed on to the host's own resolvers, wherever
// they listen: also on the host's loopback, which nothing else reaches.

const (
	dnsPort = 53
	// A resolver that has not answered in this time is passed over.
	answerTime = 2 * time.Second
	// C libraries ask each question from a port of its own, once or, of two kinds of
	// addresses, twice. A port that asks no more is soon forgotten: otherwise those
	// of the last minute would be all that a sandbox may have.
	questionTime = time.Second
	// A sandbox may have so many questions open at once on one port.
	mostQuestions = 16
	mostResolvers = 3    // as C libraries take of /etc/resolv.conf
	mostAnswer    = 4096 // bytes; longer ones are asked for over TCP
)

var errNoResolver = errors.New("the host has no resolver in /etc/resolv.conf")

// resolvers are the host's.
func resolvers() []netip.AddrPort {
	b, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		return nil
	}
	return parseResolvers(b)
}

func parseResolvers(b []byte) []netip.AddrPort {
	var list []netip.AddrPort
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan() && len(list) < mostResolvers; {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(fields[1]); err == nil {
			list = append(list, netip.AddrPortFrom(a, dnsPort))
		}
	}
	return list
}

// dialResolver connects to the first of the host's resolvers that listens.
func (g *gateway) dialResolver(ctx context.Context, port uint16) (*net.TCPConn, error) {
	if port != dnsPort {
		return nil, errors.New("a resolver answers questions only, not at port " + strconv.Itoa(int(port)))
	}
	err := errNoResolver
	for _, r := range g.egress.resolvers() {
		var c net.Conn
		if c, err = g.egress.dial(ctx, "tcp", r.String()); err == nil {
			return c.(*net.TCPConn), nil
		}
	}
	return nil, err
}

// questions answers those that come from one port.
func (g *gateway) questions(inside net.Conn) {
	var asked sync.WaitGroup
	defer asked.Wait()
	places := make(chan struct{}, mostQuestions)
	for {
		question := make([]byte, mostAnswer)
		_ = inside.SetReadDeadline(time.Now().Add(questionTime))
		n, err := inside.Read(question)
		if waited, ok := errors.AsType[net.Error](err); ok && waited.Timeout() && len(places) > 0 {
			continue // there is no answer yet, and it may be asked again
		}
		if err != nil {
			return
		}
		select {
		case places <- struct{}{}:
		default:
			continue // it will be asked again
		}
		asked.Go(func() {
			defer func() { <-places }()
			if answer := g.ask(question[:n]); answer != nil {
				_, _ = inside.Write(answer)
			}
		})
	}
}

// ask asks one resolver after the other. Its answer is nil if nobody has one.
func (g *gateway) ask(question []byte) []byte {
	for _, r := range g.egress.resolvers() {
		if answer := g.askOne(r, question); answer != nil {
			return answer
		}
	}
	return nil
}

func (g *gateway) askOne(r netip.AddrPort, question []byte) []byte {
	if !g.egress.enter() {
		return nil
	}
	defer g.egress.leave()
	ctx, cancel := context.WithTimeout(g.life, answerTime)
	defer cancel()
	c, err := g.egress.dial(ctx, "udp", r.String())
	if err != nil {
		return nil
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := c.Write(question); err != nil {
		return nil
	}
	answer := make([]byte, mostAnswer)
	for {
		n, err := c.Read(answer)
		if err != nil {
			return nil
		}
		if n >= 2 && len(question) >= 2 && bytes.Equal(answer[:2], question[:2]) { // the question's own number
			return answer[:n]
		}
	}
}
