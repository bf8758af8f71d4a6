package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lamgate/lamgate/api/apigateway"
)

// The proxies that plain HTTP proxying is measured beside.
const (
	caddyModule   = "github.com/caddyserver/caddy/v2/cmd/caddy@v2.11.9"
	traefikModule = "github.com/traefik/traefik/v3@v3.4.0"
)

// measureProxying measures REST APIs that pass requests on to an HTTP endpoint,
// beside proxies that are made for it. All stand before the same backend and run
// with what they come with, but for keeping connections open to it.
func measureProxying(ctx context.Context, s *lamgateServer, module, dir string, rounds int, length time.Duration) error {
	backend, stopBackend, err := startBackend()
	if err != nil {
		return err
	}
	defer stopBackend()
	path, err := s.deployProxy(ctx, "GET", "http://"+backend+"/hello", false)
	if err != nil {
		return err
	}
	cached, err := s.deployProxy(ctx, "GET", "http://"+backend+"/hello", true)
	if err != nil {
		return err
	}
	contenders := []*contender{
		{name: "lamgate HTTP_PROXY", address: s.address, path: path},
		{name: "lamgate, from its cache", address: s.address, path: cached},
	}
	cache := filepath.Join(module, ".cache", "proxies")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	for _, p := range []struct {
		name    string
		install func(ctx context.Context, cache string) (binary string, err error)
		start   func(ctx context.Context, binary, dir, listen, backend string) (*exec.Cmd, error)
	}{
		{"traefik", installTraefik, startTraefik},
		{"caddy", installCaddy, startCaddy},
		{"nginx", installNginx, startNginx},
	} {
		binary, err := p.install(ctx, cache)
		if err != nil {
			fmt.Printf("%s is left out: %v\n", p.name, err)
			continue
		}
		address, stop, err := startProxy(ctx, p.start, binary, filepath.Join(dir, p.name), backend)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		defer stop()
		contenders = append(contenders, &contender{name: p.name, address: address, path: "/hello"})
	}
	contenders = append(contenders, &contender{name: "the backend itself", address: backend, path: "/hello"})
	figures, err := measureWarm("plain HTTP proxying", contenders, rounds, length)
	if err != nil {
		return err
	}
	fmt.Println("\nratios")
	ours := figures["lamgate HTTP_PROXY"]
	if traefik, ok := figures["traefik"]; ok {
		fmt.Printf("  32 connections: %.2f × Traefik (budget 1)\n", ours.rate/traefik.rate)
	}
	if caddy, ok := figures["caddy"]; ok {
		fmt.Printf("  32 connections: %.2f × Caddy\n", ours.rate/caddy.rate)
	}
	if nginx, ok := figures["nginx"]; ok {
		fmt.Printf("  32 connections: %.2f × nginx\n", ours.rate/nginx.rate)
	}
	fmt.Println()
	return nil
}

// startBackend answers every request with a small document, with as little work
// as can be.
func startBackend() (address string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	const document = `{"message":"Hello, World!","path":"/hello","numbers":[1,2,3,4,5]}`
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(document), document)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					line, err := r.ReadSlice('\n')
					if err != nil {
						return
					}
					if len(bytes.TrimSpace(line)) > 0 {
						continue
					}
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String(), func() { l.Close() }, nil
}

// deployProxy makes an API whose one method passes requests on to a URL; if its
// stage has a cache, only the first of them.
func (s *lamgateServer) deployProxy(ctx context.Context, method, url string, cached bool) (path string, err error) {
	a, err := call[apigateway.RestApi](ctx, s, &apigateway.Service, "CreateRestApi", &apigateway.CreateRestApiRequest{
		Name: new("proxy"), EndpointConfiguration: &apigateway.EndpointConfiguration{Types: []string{"REGIONAL"}},
	})
	if err != nil {
		return "", err
	}
	r, err := call[apigateway.Resource](ctx, s, &apigateway.Service, "CreateResource", &apigateway.CreateResourceRequest{RestApiId: a.Id, ParentId: a.RootResourceId, PathPart: new("hello")})
	if err != nil {
		return "", err
	}
	_, err = call[apigateway.Method](ctx, s, &apigateway.Service, "PutMethod", &apigateway.PutMethodRequest{RestApiId: a.Id, ResourceId: r.Id, HttpMethod: &method, AuthorizationType: new("NONE")})
	if err != nil {
		return "", err
	}
	_, err = call[apigateway.Integration](ctx, s, &apigateway.Service, "PutIntegration", &apigateway.PutIntegrationRequest{
		RestApiId: a.Id, ResourceId: r.Id, HttpMethod: &method, Type: new("HTTP_PROXY"), IntegrationHttpMethod: &method, Uri: &url,
	})
	if err != nil {
		return "", err
	}
	_, err = call[apigateway.Deployment](ctx, s, &apigateway.Service, "CreateDeployment", &apigateway.CreateDeploymentRequest{RestApiId: a.Id, StageName: new("Prod")})
	if err != nil || !cached {
		return "/_aws/execute-api/" + *a.Id + "/Prod/hello", err
	}
	set := func(path, value string) apigateway.PatchOperation {
		return apigateway.PatchOperation{Op: new("replace"), Path: &path, Value: &value}
	}
	_, err = call[apigateway.Stage](ctx, s, &apigateway.Service, "UpdateStage", &apigateway.UpdateStageRequest{
		RestApiId: a.Id, StageName: new("Prod"),
		PatchOperations: []apigateway.PatchOperation{set("/cacheClusterEnabled", "true"), set("/cacheClusterSize", "0.5"), set("/*/*/caching/enabled", "true"),
			set("/*/*/throttling/rateLimit", "1000000"), set("/*/*/throttling/burstLimit", "1000000")},
	})
	return "/_aws/execute-api/" + *a.Id + "/Prod/hello", err
}

func installCaddy(ctx context.Context, cache string) (string, error) {
	binary := filepath.Join(cache, "caddy")
	if installed(binary, caddyModule) {
		return binary, nil
	}
	fmt.Println("building", caddyModule, "once; this takes minutes")
	install := exec.CommandContext(ctx, "go", "install", caddyModule)
	install.Dir = cache
	install.Env = append(os.Environ(), "GOBIN="+cache)
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install: %w: %s", err, lastLine(out))
	}
	return binary, remember(binary, caddyModule)
}

// installTraefik builds Traefik where its module lies: its go.mod has
// replacements, which go install refuses.
func installTraefik(ctx context.Context, cache string) (string, error) {
	binary := filepath.Join(cache, "traefik")
	if installed(binary, traefikModule) {
		return binary, nil
	}
	fmt.Println("building", traefikModule, "once; this takes minutes")
	download := exec.CommandContext(ctx, "go", "mod", "download", "-json", traefikModule)
	download.Dir = cache
	out, err := download.Output()
	if err != nil {
		return "", fmt.Errorf("go mod download: %w: %s", err, lastLine(out))
	}
	var at struct{ Dir string }
	if err := json.Unmarshal(out, &at); err != nil {
		return "", err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/traefik")
	build.Dir = at.Dir
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, lastLine(out))
	}
	return binary, remember(binary, traefikModule)
}

// installNginx takes the system's nginx, or unpacks Debian's without installing
// it.
func installNginx(ctx context.Context, cache string) (string, error) {
	if binary, err := exec.LookPath("nginx"); err == nil {
		return binary, nil
	}
	root := filepath.Join(cache, "nginx")
	binary := filepath.Join(root, "usr", "sbin", "nginx")
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	download := exec.CommandContext(ctx, "apt-get", "download", "nginx")
	download.Dir = root
	if out, err := download.CombinedOutput(); err != nil {
		return "", fmt.Errorf("it is not installed, and cannot be downloaded: %w: %s", err, lastLine(out))
	}
	packages, err := filepath.Glob(filepath.Join(root, "nginx_*.deb"))
	if err != nil || len(packages) == 0 {
		return "", fmt.Errorf("it is not among Debian's packages")
	}
	if out, err := exec.CommandContext(ctx, "dpkg", "-x", packages[0], root).CombinedOutput(); err != nil {
		return "", fmt.Errorf("dpkg: %w: %s", err, lastLine(out))
	}
	return binary, nil
}

// installed tells whether a binary is that of a module at a version.
func installed(binary, module string) bool {
	b, err := os.ReadFile(binary + ".version")
	if err != nil || string(b) != module {
		return false
	}
	_, err = os.Stat(binary)
	return err == nil
}

func remember(binary, module string) error {
	return os.WriteFile(binary+".version", []byte(module), 0o644)
}

func lastLine(out []byte) []byte {
	out = bytes.TrimSpace(out)
	return out[bytes.LastIndexByte(out, '\n')+1:]
}

func startCaddy(ctx context.Context, binary, dir, listen, backend string) (*exec.Cmd, error) {
	file := filepath.Join(dir, "Caddyfile")
	config := fmt.Sprintf("{\n\tadmin off\n\tauto_https off\n}\nhttp://%s {\n\treverse_proxy %s\n}\n", listen, backend)
	return exec.CommandContext(ctx, binary, "run", "--config", file, "--adapter", "caddyfile"), os.WriteFile(file, []byte(config), 0o644)
}

func startTraefik(ctx context.Context, binary, dir, listen, backend string) (*exec.Cmd, error) {
	static, dynamic := filepath.Join(dir, "traefik.yml"), filepath.Join(dir, "dynamic.yml")
	err := os.WriteFile(static, fmt.Appendf(nil, `global: {checkNewVersion: false, sendAnonymousUsage: false}
entryPoints: {web: {address: %q}}
providers: {file: {filename: %q}}
log: {level: ERROR}
`, listen, dynamic), 0o644)
	if err != nil {
		return nil, err
	}
	err = os.WriteFile(dynamic, fmt.Appendf(nil, `http:
  routers: {all: {rule: "PathPrefix(`+"`/`"+`)", service: backend, entryPoints: [web]}}
  services: {backend: {loadBalancer: {servers: [{url: "http://%s"}]}}}
`, backend), 0o644)
	return exec.CommandContext(ctx, binary, "--configFile="+static), err
}

func startNginx(ctx context.Context, binary, dir, listen, backend string) (*exec.Cmd, error) {
	file := filepath.Join(dir, "nginx.conf")
	// The paths of Debian's build belong to root.
	err := os.WriteFile(file, fmt.Appendf(nil, `daemon off;
worker_processes auto;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	keepalive_requests 1000000000;
	upstream backend {
		server %s;
		keepalive 64;
		keepalive_requests 1000000000;
	}
	server {
		listen %s;
		location / {
			proxy_pass http://backend;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
		}
	}
}
`, backend, listen), 0o644)
	return exec.CommandContext(ctx, binary, "-p", dir, "-c", file), err
}

// startProxy starts a proxy and waits until it serves.
func startProxy(ctx context.Context, start func(ctx context.Context, binary, dir, listen, backend string) (*exec.Cmd, error),
	binary, dir, backend string) (address string, stop func(), err error) {
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", nil, err
	}
	address = fmt.Sprintf("127.0.0.1:%d", port)
	process, err := start(ctx, binary, dir, address, backend)
	if err != nil {
		return "", nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return "", nil, err
	}
	process.Stdout, process.Stderr = log, log
	if err := process.Start(); err != nil {
		log.Close()
		return "", nil, err
	}
	stop = func() {
		// Terminated, nginx takes its workers along. It may have ended by itself;
		// its log tells.
		_ = process.Process.Signal(syscall.SIGTERM)
		_ = process.Wait()
		log.Close()
	}
	if err := awaitHTTP(address, "/hello", 30*time.Second); err != nil {
		stop()
		text, _ := os.ReadFile(log.Name())
		return "", nil, errors.Join(err, fmt.Errorf("its log: %s", text))
	}
	return address, stop, nil
}
