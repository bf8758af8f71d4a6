package image

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A login is what docker login has left of a registry.
type login struct {
	user, password string
	identity       string // a refresh token, to be exchanged
	bearer         string // a token as it is
}

func (l login) empty() bool { return l == login{} }

// A dockerConfig is the part of ~/.docker/config.json that is of use here. It is
// read at each pull: who logs in meanwhile is understood.
type dockerConfig struct {
	Auths map[string]struct {
		Auth          string `json:"auth"`
		Username      string `json:"username"`
		Password      string `json:"password"`
		IdentityToken string `json:"identitytoken"`
		RegistryToken string `json:"registrytoken"`
	} `json:"auths"`
	Store   string            `json:"credsStore"`
	Helpers map[string]string `json:"credHelpers"`
}

// defaultCredentials is where docker keeps its configuration; empty if there is
// no home.
func defaultCredentials() string {
	if dir := os.Getenv("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "config.json")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".docker/config.json")
}

const maxCredentials = 1 << 20

// readCredentials returns the login for a registry, if there is one. hint says
// where one may be that lamgate does not read: it runs no credential helpers,
// which are programs of their own.
func readCredentials(path, host string) (l login, hint string, err error) {
	if path == "" {
		return login{}, "", nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return login{}, "", nil
	}
	if err == nil && info.Size() > maxCredentials {
		err = errors.New("it is too large")
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(path)
	}
	var c dockerConfig
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		// Not the content, which may be in the error of a decoder.
		return login{}, "", fmt.Errorf("the logins in %s cannot be read", path)
	}
	names := []string{host, "https://" + host, "http://" + host}
	if host == dockerHub {
		names = []string{"https://index.docker.io/v1/", "index.docker.io", "docker.io", dockerHub}
	}
	for _, name := range names {
		a, ok := c.Auths[name]
		if !ok {
			continue
		}
		l := login{user: a.Username, password: a.Password, identity: a.IdentityToken, bearer: a.RegistryToken}
		if b, err := base64.StdEncoding.DecodeString(strings.TrimRight(a.Auth, "\x00")); err == nil && a.Auth != "" {
			l.user, l.password, _ = strings.Cut(string(b), ":")
		}
		if l.user == "<token>" && l.identity == "" { // what Azure's and others' logins say
			l.identity, l.user, l.password = l.password, "", ""
		}
		if !l.empty() {
			return l, "", nil
		}
	}
	if c.Store != "" || c.Helpers[host] != "" {
		hint = fmt.Sprintf("%s keeps logins with a helper, which lamgate does not run: log in with a configuration that has no credsStore, named by DOCKER_CONFIG", path)
	}
	return login{}, hint, nil
}
