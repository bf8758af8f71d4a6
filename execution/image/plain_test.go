package image

import (
	"io"
	"net"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Servers without TLS answer a handshake in their own ways, not all in HTTP.
func TestRegistriesThatKnowNoTLS(t *testing.T) {
	behind := serve(t, nil)
	push(t, behind+"/app:1", imageOf(t, "amd64", v1.Config{}, layerOf(t, archiveOf(t, file("a", "1")))))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go inFront(c, behind)
		}
	}()
	served.add(listener.Addr().String())
	tree, err := newStore(t, nil).Open(t.Context(), image(listener.Addr().String()+"/app:1"), "x86_64")
	if err != nil {
		t.Fatal(err)
	}
	tree.Release()
}

// inFront passes on what is not a handshake of TLS.
func inFront(c net.Conn, behind string) {
	defer c.Close()
	first := make([]byte, 1)
	if _, err := io.ReadFull(c, first); err != nil {
		return
	}
	if first[0] == 0x16 {
		io.WriteString(c, "<!DOCTYPE HTML><p>Bad request version")
		return
	}
	to, err := net.Dial("tcp", behind)
	if err != nil {
		return
	}
	defer to.Close()
	to.Write(first)
	go io.Copy(to, c)
	io.Copy(c, to)
}
