package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed floor.js
var floorClient string

// floorEvent is an event of the size that API Gateway sends.
var floorEvent = []byte(`{"resource":"/{proxy+}","path":"/hello","httpMethod":"GET","headers":{"Accept":"*/*","Host":"floor","User-Agent":"bench","X-Amzn-Trace-Id":"Root=1-5c967e1f-d5965300732188ec019219b0","X-Forwarded-For":"127.0.0.1","X-Forwarded-Port":"80","X-Forwarded-Proto":"http"},"multiValueHeaders":{"Accept":["*/*"],"Host":["floor"],"User-Agent":["bench"],"X-Amzn-Trace-Id":["Root=1-5c967e1f-d5965300732188ec019219b0"],"X-Forwarded-For":["127.0.0.1"],"X-Forwarded-Port":["80"],"X-Forwarded-Proto":["http"]},"queryStringParameters":null,"multiValueQueryStringParameters":null,"pathParameters":{"proxy":"hello"},"stageVariables":null,"requestContext":{"resourceId":"abc123","resourcePath":"/{proxy+}","httpMethod":"GET","extendedRequestId":"XAik_GQQoAMF6kw=","requestTime":"23/Mar/2019:18:42:40 +0000","path":"/Prod/hello","accountId":"000000000000","protocol":"HTTP/1.1","stage":"Prod","domainPrefix":"abcdefghij","requestTimeEpoch":1553366560000,"requestId":"6f9d4c82-4d9b-11e9-9895-2fd0d402e35d","identity":{"cognitoIdentityPoolId":null,"accountId":null,"cognitoIdentityId":null,"caller":null,"sourceIp":"127.0.0.1","principalOrgId":null,"accessKey":null,"cognitoAuthenticationType":null,"cognitoAuthenticationProvider":null,"userArn":null,"userAgent":"bench","user":null},"domainName":"floor","deploymentId":"abcdef","apiId":"abcdefghij"},"body":null,"isBase64Encoded":false}`)

// environments is how many processes the floor runs the function in.
const environments = 2

// floorArgument, before a directory, makes this program the floor.
const floorArgument = "floor"

// startFloor runs the floor in a process of its own, as every other contender
// is. Within this one a request would be handed to it by Go's scheduler, and
// never wait for the kernel to wake somebody.
func startFloor(dir string) (address string, stop func(), err error) {
	stop = func() {}
	self, err := os.Executable()
	if err != nil {
		return "", stop, err
	}
	process := exec.Command(self, floorArgument, dir)
	process.Stderr = os.Stderr
	in, err := process.StdinPipe()
	if err != nil {
		return "", stop, err
	}
	out, err := process.StdoutPipe()
	if err != nil {
		return "", stop, err
	}
	if err := process.Start(); err != nil {
		return "", stop, err
	}
	stop = func() {
		in.Close()
		_ = process.Wait() // it has told why it failed
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	return strings.TrimSpace(line), stop, err
}

// runFloor is the floor until its standard input ends. It prints its address.
func runFloor(dir string) error {
	address, stop, err := serveFloor(dir, nodeFunction())
	defer func() { stop() }()
	if err != nil {
		return err
	}
	fmt.Println(address)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// serveFloor runs the least that could serve a function over HTTP: a Go server
// in front, the function in two processes, and between them the Runtime API on
// sockets, without an HTTP library. It isolates nothing, logs nothing, checks
// nothing, and sends every function the same event.
func serveFloor(dir string, f function) (address string, stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	code := filepath.Join(dir, "floor")
	if err := os.MkdirAll(code, 0o755); err != nil {
		return "", stop, err
	}
	client := filepath.Join(code, "floor.js")
	for name, content := range map[string]string{client: floorClient, filepath.Join(code, "index.js"): f.files["index.js"]} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			return "", stop, err
		}
	}
	back, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", stop, err
	}
	stops = append(stops, func() { back.Close() })
	idle := make(chan *floorEnvironment, environments)
	for range environments {
		process := exec.Command("node", client, strconv.Itoa(back.Addr().(*net.TCPAddr).Port), filepath.Join(code, "index.js"))
		process.Stderr = os.Stderr
		if err := process.Start(); err != nil {
			return "", stop, err
		}
		stops = append(stops, func() {
			// It may have ended with its socket.
			_ = process.Process.Kill()
			_ = process.Wait()
		})
		conn, err := back.Accept()
		if err != nil {
			return "", stop, err
		}
		e := &floorEnvironment{conn: conn, r: bufio.NewReaderSize(conn, 16<<10)}
		if err := e.awaitNext(); err != nil {
			return "", stop, err
		}
		idle <- e
	}
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", stop, err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		e := <-idle
		answer, err := e.invoke(floorEvent)
		// The caller's answer does not wait for the next question.
		go func() {
			if err == nil && e.awaitNext() == nil {
				idle <- e
			}
		}()
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		var response struct {
			StatusCode int
			Headers    map[string]string
			Body       string
		}
		if err := json.Unmarshal(answer, &response); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		for name, value := range response.Headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(response.StatusCode)
		_, _ = io.WriteString(w, response.Body)
	})}
	go func() { _ = server.Serve(front) }()
	stops = append(stops, func() { server.Close() })
	return front.Addr().String(), stop, nil
}

// A floorEnvironment is a process that has asked for its next event.
type floorEnvironment struct {
	conn net.Conn
	r    *bufio.Reader
	out  bytes.Buffer
}

func (e *floorEnvironment) invoke(event []byte) ([]byte, error) {
	e.out.Reset()
	fmt.Fprintf(&e.out, "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\nContent-Length: %d\r\n\r\n", len(event))
	e.out.Write(event)
	if _, err := e.conn.Write(e.out.Bytes()); err != nil {
		return nil, err
	}
	length := 0
	for {
		line, err := e.r.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return nil, err
			}
		}
	}
	answer := make([]byte, length)
	if _, err := io.ReadFull(e.r, answer); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(e.conn, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"); err != nil {
		return nil, err
	}
	return answer, nil
}

// awaitNext reads the question for the next event.
func (e *floorEnvironment) awaitNext() error {
	for {
		line, err := e.r.ReadSlice('\n')
		if err != nil || len(bytes.TrimSpace(line)) == 0 {
			return err
		}
	}
}
