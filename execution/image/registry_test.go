package image

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/lamgate/lamgate/aws"
)

func credentials(t testing.TB, config string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func auths(host string, fields string) string {
	return fmt.Sprintf(`{"auths":{%q:{%s}},"HttpHeaders":{"X":"y"}}`, host, fields)
}

// Registries ask who is there, each in its own way.
func TestLogins(t *testing.T) {
	basic := base64.StdEncoding.EncodeToString([]byte("me:se:cret"))
	var host string
	var asked []string
	guard := ""   // what the registry demands
	granted := "" // the token that it takes
	host = serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method != http.MethodGet: // the test's own
				h.ServeHTTP(w, r)
			case r.URL.Path == "/token":
				asked = append(asked, r.URL.RawQuery)
				user, password, _ := r.BasicAuth()
				if user == "me" && password == "se:cret" || user == "" && guard == "anonymous" {
					granted = "token-1"
					json.NewEncoder(w).Encode(map[string]any{"token": granted, "expires_in": 60})
					return
				}
				w.WriteHeader(http.StatusUnauthorized)
			case guard == "basic" && r.Header.Get("Authorization") == "Basic "+basic, granted != "" && r.Header.Get("Authorization") == "Bearer "+granted:
				h.ServeHTTP(w, r)
			case guard == "basic":
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				w.WriteHeader(http.StatusUnauthorized)
			case guard == "elsewhere":
				w.Header().Set("WWW-Authenticate", `Bearer realm="http://tokens.example/token"`)
				w.WriteHeader(http.StatusUnauthorized)
			case guard == "forbidden":
				w.WriteHeader(http.StatusForbidden)
			default:
				w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+host+`/token",service="the, registry",error="x"`)
				w.WriteHeader(http.StatusUnauthorized)
			}
		})
	})
	i := imageOf(t, "amd64", v1.Config{}, layerOf(t, archiveOf(t, file("a", "1"))))
	push(t, host+"/app:1", i)
	for name, c := range map[string]struct {
		guard, config string
		says          string // "" if it is let in
	}{
		"basic":                {"basic", auths(host, `"auth":"`+basic+`"`), ""},
		"basic, in fields":     {"basic", auths("https://"+host, `"username":"me","password":"se:cret"`), ""},
		"a token":              {"bearer", auths(host, `"auth":"`+basic+`"`), ""},
		"a token for everyone": {"anonymous", `{}`, ""},
		"a token of its own":   {"own", auths(host, `"registrytoken":"own"`), ""},
		"the wrong password":   {"bearer", auths(host, `"username":"me","password":"x"`), "401 Unauthorized: docker login " + host},
		"nobody":               {"basic", `{}`, "401 Unauthorized: docker login " + host},
		"forbidden":            {"forbidden", `{}`, "403 Forbidden"},
		"a helper":             {"basic", `{"credsStore":"desktop"}`, "keeps logins with a helper, which lamgate does not run"},
		"no JSON":              {"basic", `{"auths":{"x":{"auth":"c2VjcmV0`, "cannot be read"},
	} {
		guard, granted, asked = c.guard, "", nil
		if c.guard == "own" {
			granted = "own"
		}
		path := credentials(t, c.config)
		s := newStore(t, func(o *Options) { o.Credentials = path })
		tree, err := s.Open(t.Context(), image(host+"/app:1"), "x86_64")
		if c.says == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			tree.Release()
			for _, query := range asked {
				if !strings.Contains(query, "scope=repository%3Aapp%3Apull") || !strings.Contains(query, "service=the%2C+registry") {
					t.Errorf("%s: a token was asked for with %s", name, query)
				}
			}
			continue
		}
		f := aws.AsFault(err)
		if reason(err) != ImageAccessDenied || f == nil || f.Status != 403 || f.Code != "AccessDeniedException" ||
			!strings.HasPrefix(f.Message, "Lambda does not have permission to access the ECR image. Check the ECR permissions. (") || !strings.Contains(f.Message, c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(err.Error(), "cret") || strings.Contains(err.Error(), "c2Vj") {
			t.Errorf("%s: a password is told: %v", name, err)
		}
	}
}

// A login is for the registry that it was made for, and sent over TLS.
func TestWhereLoginsGo(t *testing.T) {
	r := reference{text: "registry.example/app", host: "registry.example", repository: "app", tag: "1"}
	g := &registry{ref: r, login: login{user: "me", password: "secret"}, client: http.DefaultClient, scheme: "https"}
	for _, realm := range []string{"http://tokens.example/", "file:///etc/passwd", "", "https://"} {
		if _, err := g.token(t.Context(), map[string]string{"realm": realm}); reason(err) != ImageAccessDenied {
			t.Errorf("%q: %v", realm, err)
		}
	}
	elsewhere := ""
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere += r.Header.Get("Authorization")
		w.WriteHeader(http.StatusNotFound)
	}))
	defer other.Close()
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.Redirect(w, r, strings.Replace(other.URL, "127.0.0.1", "localhost", 1), http.StatusTemporaryRedirect)
	}))
	defer first.Close()
	host := served.add(first.URL)
	served.add(strings.Replace(other.URL, "127.0.0.1", "localhost", 1))
	path := credentials(t, auths(host, `"username":"me","password":"secret"`))
	s := newStore(t, func(o *Options) { o.Credentials = path })
	if _, err := s.Describe(t.Context(), host+"/app:1", ""); reason(err) != ImageDeleted {
		t.Errorf("%v", err)
	}
	if elsewhere != "" {
		t.Errorf("another host was sent %s", elsewhere)
	}

	// Nor may a host that a registry redirects to say where the login goes.
	asking := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere += r.Header.Get("Authorization")
		w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer asking.Close()
	s = newStore(t, func(o *Options) {
		o.Credentials = path
		o.Insecure = append(o.Insecure, strings.Replace(strings.TrimPrefix(asking.URL, "http://"), "127.0.0.1", "localhost", 1))
	})
	first.Config.Handler = http.RedirectHandler(strings.Replace(asking.URL, "127.0.0.1", "localhost", 1), http.StatusTemporaryRedirect)
	if _, err := s.Describe(t.Context(), host+"/app:1", ""); reason(err) != ImageAccessDenied {
		t.Errorf("%v", err)
	}
	if elsewhere != "" {
		t.Errorf("another host asked for a login and was sent %s", elsewhere)
	}
}

// What a registry sends is what its digests say, or is not taken.
func TestRegistriesThatLie(t *testing.T) {
	layer := layerOf(t, archiveOf(t, file("a", "1")))
	i := imageOf(t, "amd64", v1.Config{}, layer)
	other := imageOf(t, "amd64", v1.Config{Cmd: []string{"other"}}, layer)
	raw, _ := i.RawManifest()
	otherRaw, _ := other.RawManifest()
	config, _ := i.RawConfigFile()
	layerDigest := digest(t, layer)
	configDigest, _ := i.ConfigName()
	for name, c := range map[string]struct {
		path    string // that is answered otherwise
		content string
		says    string
	}{
		"another manifest":      {"/manifests/" + digest(t, i), string(otherRaw), "sent another manifest"},
		"another configuration": {"/blobs/" + configDigest.String(), strings.Replace(string(config), "amd64", "arm64", 1), "another digest than its manifest says"},
		"another layer":         {"/blobs/" + layerDigest, string(archiveOf(t, file("evil", "1"))), "UnsupportedImageLayerDetected - Layer Digest " + layerDigest},
		"a longer layer":        {"/blobs/" + layerDigest, strings.Repeat("x", 1<<20), "UnsupportedImageLayerDetected"},
		"no manifest":           {"/manifests/1", "<html>", "its manifest is no JSON"},
		"a huge manifest":       {"/manifests/" + digest(t, i), strings.Repeat(" ", maxManifest+1), "its manifest is too large"},
		"an old manifest":       {"/manifests/1", `{"schemaVersion":1,"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws"}`, "its manifest is of the type"},
		"other layers":          {"/manifests/1", strings.Replace(string(raw), `"layers":[`, `"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","size":1,"digest":"`+layerDigest+`"},`, 1), "different layers"},
		"a digest that is none": {"/manifests/1", strings.Replace(string(raw), layerDigest, "sha256:../../../../etc/passwd", 1), "has the digest"},
		"a negative size":       {"/manifests/1", `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":-1,"digest":"` + layerDigest + `"}}`, "-1 bytes"},
		"indexes in a circle":   {"/manifests/", `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`, "there is none for x86_64"},
	} {
		host := serve(t, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet && strings.Contains(r.URL.Path, c.path) {
					fmt.Fprint(w, c.content)
					return
				}
				h.ServeHTTP(w, r)
			})
		})
		push(t, host+"/app:1", i)
		s := newStore(t, nil)
		function := image(host + "/app:1")
		if strings.Contains(c.path, "sha256") {
			function = image(host + "/app@" + digest(t, i))
			put(t, host+"/app:"+digest(t, i), i)
		}
		if _, err := s.Open(t.Context(), function, "x86_64"); reason(err) != InvalidImage || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		for _, part := range []string{"trees", "layers"} {
			if left, _ := os.ReadDir(filepath.Join(s.options.Dir, part)); len(left) != 0 {
				t.Errorf("%s: left behind: %v", name, left)
			}
		}
	}
}

// A transfer that breaks off is begun again; one that hangs ends.
func TestTransfersThatFail(t *testing.T) {
	layer := layerOf(t, archiveOf(t, file("a", strings.Repeat("1", 1000))))
	i := imageOf(t, "amd64", v1.Config{}, layer)
	failures := 2
	host := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, digest(t, layer)) && failures > 0 {
				failures--
				w.Header().Set("Content-Length", "100000")
				fmt.Fprint(w, "\x1f\x8b")
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	push(t, host+"/app:1", i)
	s := newStore(t, func(o *Options) { o.Clock = &impatient{} })
	if tree, err := s.Open(t.Context(), image(host+"/app:1"), "x86_64"); err != nil {
		t.Errorf("after %d failures: %v", 2, err)
	} else {
		tree.Release()
	}
}

func TestReferences(t *testing.T) {
	sum := "sha256:" + strings.Repeat("0a", 32)
	for text, want := range map[string]reference{
		"docker.io/python":                                        {host: dockerHub, repository: "library/python", tag: "latest"},
		"docker.io/me/app:v1":                                     {host: dockerHub, repository: "me/app", tag: "v1"},
		"localhost:5000/app":                                      {host: "localhost:5000", repository: "app", tag: "latest"},
		"localhost/app":                                           {host: "localhost", repository: "app", tag: "latest"},
		"[::1]:5000/a/b/c:x_Y.z-1":                                {host: "[::1]:5000", repository: "a/b/c", tag: "x_Y.z-1"},
		"GHCR.io/me/app@" + sum:                                   {host: "ghcr.io", repository: "me/app", digest: sum},
		"ghcr.io/me/app:1@" + sum:                                 {host: "ghcr.io", repository: "me/app", tag: "1", digest: sum},
		"oci:/srv/images/app":                                     {kind: inLayout, path: "/srv/images/app"},
		"oci:/srv/images/app:1":                                   {kind: inLayout, path: "/srv/images/app", tag: "1"},
		"oci:/srv/images/app@" + sum:                              {kind: inLayout, path: "/srv/images/app", digest: sum},
		"docker-archive:/srv/a.tar":                               {kind: inArchive, path: "/srv/a.tar"},
		"docker-archive:/srv/a.tar:app:1":                         {kind: inArchive, path: "/srv/a.tar", tag: "app:1"},
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/repo/app:1": {host: "123456789012.dkr.ecr.us-east-1.amazonaws.com", repository: "repo/app", tag: "1"},
	} {
		want.text = text
		if got, err := parseReference(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "app", "app:latest", "me/app", "library/python:3", "ghcr.io", "ghcr.io/", "ghcr.io/App", "ghcr.io/a//b", "ghcr.io/a/../b", "ghcr.io/a:", "ghcr.io/a:b:c",
		"ghcr.io/a:" + strings.Repeat("x", 129), "ghcr.io/a@sha256:abc", "ghcr.io/a@md5:" + strings.Repeat("0", 32), "ghcr.io/a b", "ghcr.io/a\n", "https://ghcr.io/a",
		"user:password@ghcr.io/a", "ghcr.io:port/a", "ghcr.io/" + strings.Repeat("a", 300), "oci:relative", "oci:/a/../b", "oci:/a:b c", "oci:/a:!", "docker-archive:a.tar", "docker-archive:/a.tar@" + sum,
	} {
		if r, err := parseReference(text); reason(err) != InvalidImage || !strings.HasPrefix(err.Error(), "Source image "+text+" is not valid. Provide a valid source image.") {
			t.Errorf("%q: %+v, %v", text, r, err)
		}
	}
	for text, want := range map[string]string{
		"localhost:5000/app:1":      "localhost:5000/app@" + sum,
		"docker.io/app":             "docker.io/app@" + sum,
		"ghcr.io/a/b:1@" + sum:      "ghcr.io/a/b@" + sum,
		"oci:/srv/app:1":            "oci:/srv/app@" + sum,
		"docker-archive:/a.tar:x:1": "docker-archive:/a.tar:x:1",
	} {
		r, err := parseReference(text)
		if err != nil || r.with(sum) != want {
			t.Errorf("%s: %s, %v", text, r.with(sum), err)
		}
		if again, err := parseReference(r.with(sum)); err != nil || again.repository != r.repository || again.path != r.path {
			t.Errorf("%s: %+v, %v", r.with(sum), again, err)
		}
	}
}

func FuzzReference(f *testing.F) {
	f.Add("ghcr.io/me/app:1@sha256:" + strings.Repeat("0", 64))
	f.Add("docker-archive:/srv/a.tar:app:1")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseReference(text)
		if err != nil {
			return
		}
		if strings.Contains(r.host+r.repository+r.tag, "..") && r.kind == inRegistry && strings.Contains(r.repository, "..") {
			t.Errorf("%q: %+v", text, r)
		}
		r.with("sha256:" + strings.Repeat("0", 64))
	})
}

func FuzzChallenge(f *testing.F) {
	f.Add(`Bearer realm="https://a/b",service="c,d",scope=x`)
	f.Fuzz(func(t *testing.T, s string) { parseChallenge(s) })
}
