package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
)

// Credentials issues and verifies temporary credentials. It keeps nothing: a
// session token carries its session under a MAC, and the secret access key is
// derived from the server's key, the access key ID and the token, so that any
// node with the same key can verify a signature made with it.
type Credentials struct{ key []byte }

// NewCredentials returns an issuer with the given key, which should be 32 random
// bytes. Whoever knows the key can issue credentials.
func NewCredentials(key []byte) *Credentials { return &Credentials{key} }

// A Session is who uses temporary credentials.
type Session struct {
	Account string    `json:"a"`
	RoleARN string    `json:"r,omitempty"` // empty for a session of the account itself
	RoleID  string    `json:"i,omitempty"` // AROA…, the role's unique ID
	Name    string    `json:"n,omitempty"` // of the role's session
	Expiry  time.Time `json:"e"`
}

// Issued are temporary credentials as a client gets them.
type Issued struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time
}

// tokenPrefix tells lamgate's own session tokens from those of AWS, with which
// people have been known to call lamgate.
const tokenPrefix = "lamgate."

// maxToken bounds the tokens that are looked at.
const maxToken = 8192

// Issue returns new credentials for a session.
func (c *Credentials) Issue(s Session) Issued {
	s.Expiry = s.Expiry.UTC().Truncate(time.Second)
	id := "ASIA" + aws.NewUniqueID(16)
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a struct of strings and a time
	}
	encode := base64.RawURLEncoding.EncodeToString
	token := tokenPrefix + encode(text) + "." + encode(c.mac("token", id, string(text)))
	return Issued{id, c.SecretAccessKey(id, token), token, s.Expiry}
}

// SecretAccessKey returns the secret that was issued with an access key ID and a
// session token.
func (c *Credentials) SecretAccessKey(accessKeyID, token string) string {
	return base64.StdEncoding.EncodeToString(c.mac("secret", accessKeyID, token)[:30])
}

var (
	errTokenInvalid = errors.New("the session token is not one that was issued with this access key")
	errTokenExpired = errors.New("the session token has expired")
)

// verify returns the session of an access key and token. issued is false for
// credentials that do not claim to be lamgate's.
func (c *Credentials) verify(accessKeyID, token string, now time.Time) (s Session, issued bool, err error) {
	rest, ours := strings.CutPrefix(token, tokenPrefix)
	if !ours {
		return Session{}, false, nil
	}
	payload, mac, ok := strings.Cut(rest, ".")
	if !ok || len(token) > maxToken {
		return Session{}, false, errTokenInvalid
	}
	text, err1 := base64.RawURLEncoding.DecodeString(payload)
	sum, err2 := base64.RawURLEncoding.DecodeString(mac)
	if err1 != nil || err2 != nil || !hmac.Equal(sum, c.mac("token", accessKeyID, string(text))) {
		return Session{}, false, errTokenInvalid
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return Session{}, false, errTokenInvalid
	}
	if !now.Before(s.Expiry) {
		return Session{}, false, errTokenExpired
	}
	return s, true, nil
}

// mac binds what it is for to what it is over; a zero byte cannot stand in an
// access key ID, so the parts cannot be shifted.
func (c *Credentials) mac(purpose, accessKeyID, text string) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write([]byte(purpose + "\x00" + accessKeyID + "\x00" + text))
	return h.Sum(nil)
}

func (s Session) caller(region, accessKeyID string) aws.Caller {
	if s.RoleARN == "" {
		return callerOf(s.Account, region, accessKeyID)
	}
	role := s.RoleARN[strings.LastIndexByte(s.RoleARN, '/')+1:]
	return aws.Caller{
		Account:     s.Account,
		Region:      region,
		AccessKeyID: accessKeyID,
		ARN:         aws.NewARN("sts", "", s.Account, "assumed-role/"+role+"/"+s.Name).String(),
		UserID:      s.RoleID + ":" + s.Name,
		RoleARN:     s.RoleARN,
	}
}
