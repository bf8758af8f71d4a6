package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// startServerlessOffline runs the same Node function behind serverless-offline.
func startServerlessOffline(ctx context.Context, module, dir string, f function) (address string, stop func(), err error) {
	stop = func() {}
	peers := filepath.Join(module, ".cache", "peers")
	if _, err := os.Stat(filepath.Join(peers, "node_modules", "serverless-offline")); err != nil {
		if err := installPeers(filepath.Join(module, "bench", "peers"), peers); err != nil {
			return "", stop, err
		}
	}
	// Serverless finds its plugin among the packages of the service's own
	// directory.
	service := filepath.Join(dir, "serverless")
	if err := os.MkdirAll(service, 0o755); err != nil {
		return "", stop, err
	}
	if err := os.Symlink(filepath.Join(peers, "node_modules"), filepath.Join(service, "node_modules")); err != nil {
		return "", stop, err
	}
	port, err := freePort()
	if err != nil {
		return "", stop, err
	}
	lambdaPort, err := freePort()
	if err != nil {
		return "", stop, err
	}
	files := map[string]string{
		"index.js": f.files["index.js"],
		"serverless.yml": fmt.Sprintf(`service: bench
frameworkVersion: "3"
provider:
  name: aws
  runtime: nodejs18.x
plugins: [serverless-offline]
custom:
  serverless-offline: {httpPort: %d, lambdaPort: %d, host: 127.0.0.1, noPrependStageInUrl: true}
functions:
  hello:
    handler: index.handler
    events:
      - http: {path: hello, method: get}
`, port, lambdaPort),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(service, name), []byte(content), 0o644); err != nil {
			return "", stop, err
		}
	}
	log, err := os.Create(filepath.Join(dir, "serverless-offline.log"))
	if err != nil {
		return "", stop, err
	}
	process := exec.CommandContext(ctx, "node", filepath.Join(peers, "node_modules", "serverless", "bin", "serverless.js"), "offline")
	process.Dir, process.Stdout, process.Stderr = service, log, log
	process.Env = append(os.Environ(), "SLS_TELEMETRY_DISABLED=1", "SLS_NOTIFICATIONS_MODE=off", "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x")
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := process.Start(); err != nil {
		return "", stop, err
	}
	stop = func() {
		// It may have ended by itself; its log tells.
		_ = syscall.Kill(-process.Process.Pid, syscall.SIGKILL)
		_ = process.Wait()
		log.Close()
	}
	address = fmt.Sprintf("127.0.0.1:%d", port)
	if err := awaitHTTP(address, "/hello", time.Minute); err != nil {
		stop()
		text, _ := os.ReadFile(log.Name())
		return "", func() {}, fmt.Errorf("serverless-offline: %w\n%s", err, text)
	}
	return address, stop, nil
}

func installPeers(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o644); err != nil {
			return err
		}
	}
	install := exec.Command("npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts")
	install.Dir = to
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("install the peers: %w\n%s", err, out)
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// awaitHTTP waits until a server answers 200.
func awaitHTTP(address, path string, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for {
		response, err := http.Get("http://" + address + path)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("it answers %s", response.Status)
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}
