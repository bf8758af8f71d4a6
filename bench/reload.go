package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

const reloadTemplate = `Transform: AWS::Serverless-2016-10-31
Resources:
  Python:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: app.handler
      CodeUri: python/
      Events: {Get: {Type: Api, Properties: {Path: /python, Method: get}}}
  Node:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs20.x
      Handler: index.handler
      CodeUri: node/
      Events: {Get: {Type: Api, Properties: {Path: /node, Method: get}}}
Outputs:
  Url: {Value: !Sub "https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod"}
`

// measureReload saves a function's code under lamgate up and asks until the
// answer is the new code's.
func (b *bench) measureReload(ctx context.Context) error {
	dir := filepath.Join(b.dir, "reload")
	python := filepath.Join(dir, "python", "app.py")
	node := filepath.Join(dir, "node", "index.js")
	write := func(file, content string) error {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		return os.WriteFile(file, []byte(content), 0o644)
	}
	pythonCode := func(n int) string {
		return fmt.Sprintf("def handler(event, context):\n    return {\"statusCode\": 200, \"body\": \"version %d.\"}\n", n)
	}
	nodeCode := func(n int) string {
		return fmt.Sprintf("exports.handler = async () => ({ statusCode: 200, body: \"version %d.\" });\n", n)
	}
	for file, content := range map[string]string{filepath.Join(dir, "template.yaml"): reloadTemplate, python: pythonCode(0), node: nodeCode(0)} {
		if err := write(file, content); err != nil {
			return err
		}
	}
	address, stop, err := b.up(ctx, dir)
	defer stop()
	if err != nil {
		return err
	}
	fmt.Println("lamgate up: from saving a function's code to its first answer (ms; budget 200)")
	for _, f := range []struct {
		name, file, path string
		code             func(int) string
	}{{"python", python, "/python", pythonCode}, {"node", node, "/node", nodeCode}} {
		var took []float64
		for n := range 8 {
			want := fmt.Sprintf("version %d.", n+1)
			began := time.Now()
			if err := write(f.file, f.code(n+1)); err != nil {
				return err
			}
			if err := awaitAnswer(address+f.path, want); err != nil {
				return err
			}
			if n > 0 {
				took = append(took, float64(time.Since(began).Microseconds())/1000)
			}
			time.Sleep(time.Second) // nobody saves twice in one
		}
		slices.Sort(took)
		fmt.Printf("  %-8s p50 %6.1f   min %6.1f   max %6.1f\n", f.name, median(took), took[0], took[len(took)-1])
	}
	fmt.Println()
	return nil
}

var answersNow = regexp.MustCompile(`(http://\S+)\s+\(answers now\)`)

// up runs lamgate up and returns where its API answers.
func (b *bench) up(ctx context.Context, dir string) (url string, stop func(), err error) {
	port, err := freePort()
	if err != nil {
		return "", func() {}, err
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	process := exec.CommandContext(ctx, b.binary, "up", dir, "--server", "http://"+listen, "--listen", listen, "--data", filepath.Join(b.dir, "data-reload"))
	process.Stderr = os.Stderr
	out, err := process.StdoutPipe()
	if err != nil {
		return "", func() {}, err
	}
	if err := process.Start(); err != nil {
		return "", func() {}, err
	}
	stop = func() {
		_ = process.Process.Signal(os.Interrupt)
		_ = process.Wait()
	}
	var said strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if m := answersNow.FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return m[1], stop, nil
		}
	}
	return "", stop, fmt.Errorf("lamgate up did not come up:\n%s", said.String())
}

// awaitAnswer asks until the answer is the one wanted.
func awaitAnswer(url, want string) error {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		response, err := http.Get(url)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return err
		}
		if string(body) == want {
			return nil
		}
	}
	return errors.New("what was saved does not come to answer at " + url)
}
