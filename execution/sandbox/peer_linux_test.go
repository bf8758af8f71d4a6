//go:build amd64 || arm64

package sandbox

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"
)

// talk connects to a port, says something and prints what it hears.
func talk(port string) int {
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_, _ = fmt.Fprint(c, "hello")
	b := make([]byte, 100)
	n, _ := c.Read(b)
	fmt.Printf("%q\n", b[:n])
	return 0
}

func TestRuntimeAPIsOfOthers(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	d := f.Driver.(*namespaces)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	own, out := f.run(t, "talk "+port, func(spec *Spec) { spec.Listener = l })
	answered := make(chan struct{})
	api := own.RuntimeAPI()
	go func() {
		defer close(answered)
		for {
			c, err := api.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "welcome")
			c.Close()
		}
	}()
	waitFor(t, own)
	other, heard := f.run(t, "talk "+port, nil)
	waitFor(t, other)
	api.Close()
	<-answered
	if out.String() != "\"welcome\"\n" {
		t.Errorf("its own sandbox heard %s", out)
	}
	enforced := d.probePeers().Enforced
	if enforced != (heard.String() == "\"\"\n") || enforced != d.users.privileged {
		t.Errorf("that others are kept out is said to be %t, and another heard %s", enforced, heard)
	}
}

func TestAnswersAboutPeers(t *testing.T) {
	failed := append([]byte{36, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff}, make([]byte, 16)...)
	if _, err := peerUser(failed); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("a socket that is gone gives %v", err)
	}
	good := append([]byte{88, 0, 0, 0, diagnoseByFamily, 0}, make([]byte, 82)...)
	good[80] = 7
	if uid, err := peerUser(good); uid != 7 || err != nil {
		t.Errorf("it gives %d, %v", uid, err)
	}
	for n := range good[:84] {
		if _, err := peerUser(good[:n]); err == nil {
			t.Errorf("%d bytes are an answer", n)
		}
	}
	var p peers
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	udp, err := net.Dial("udp4", c.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	if _, err := p.uid(udp); err == nil {
		t.Error("there is a user where there is no connection")
	}
	if err := p.close(); err != nil {
		t.Error(err)
	}
}

func BenchmarkGuard(b *testing.B) {
	var p peers
	if err := p.try(); err != nil {
		b.Skip(err)
	}
	defer p.close()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	theirs, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer theirs.Close()
	ours, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer ours.Close()
	for b.Loop() {
		if _, err := p.uid(ours); err != nil {
			b.Fatal(err)
		}
	}
}
