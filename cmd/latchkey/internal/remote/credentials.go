package remote

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/strictjson"
)

// Credentials are a confidential client's.
type Credentials struct {
	ClientID string
	secret   string
	inForm   bool        // the secret goes by client_secret_post
	signer   jose.Signer // instead of a secret, for private_key_jwt
}

// Secret are the credentials of a client with a secret.
func Secret(clientID, secret string) Credentials {
	return Credentials{ClientID: clientID, secret: secret}
}

// String keeps the secret out of what prints values.
func (c Credentials) String() string { return "[credentials of " + c.ClientID + "]" }

// GoString is String for %#v.
func (c Credentials) GoString() string { return c.String() }

// Files of credentials may be readable by a group, as mounted secrets are.
const (
	fileMost                 = 64 << 10 // bytes
	modeMost     fs.FileMode = 0o750
	methodInForm             = "client_secret_post"
)

// ReadCredentials reads a file such as latchkey client add --json prints: JSON with
// client_id and client_secret, or with private_key_file, the name of a private key in
// PEM, relative to the file, and its kid, if it has one.
func ReadCredentials(path string) (Credentials, error) {
	text, err := readPrivate(path)
	if err != nil {
		return Credentials{}, err
	}
	var in struct {
		ClientID string `json:"client_id"`
		Secret   string `json:"client_secret"`
		KeyFile  string `json:"private_key_file"`
		KID      string `json:"kid"`
		Method   string `json:"token_endpoint_auth_method"`
	}
	if strictjson.Unmarshal(text, &in) != nil { // whose error might quote the secret
		return Credentials{}, fmt.Errorf("%s is not JSON with the texts client_id and client_secret", path)
	}
	c := Credentials{ClientID: in.ClientID, secret: in.Secret, inForm: in.Method == methodInForm}
	switch {
	case in.ClientID == "":
		return Credentials{}, fmt.Errorf("%s holds no client_id", path)
	case in.Secret != "" && in.KeyFile != "":
		return Credentials{}, fmt.Errorf("%s holds both client_secret and private_key_file: leave one out", path)
	case in.Secret != "":
		return c, nil
	case in.KeyFile == "":
		return Credentials{}, fmt.Errorf("%s holds neither client_secret nor private_key_file: a secret is printed once, when it is made", path)
	}
	if !filepath.IsAbs(in.KeyFile) {
		in.KeyFile = filepath.Join(filepath.Dir(path), in.KeyFile)
	}
	c.signer, err = readSigner(in.KeyFile, in.KID)
	return c, err
}

// readPrivate reads a file that is nobody else's to read.
func readPrivate(path string) ([]byte, error) {
	file, err := os.Open(path)
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		return nil, fmt.Errorf("%s cannot be read: %w", path, at.Err)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat() // of what was opened, not of what the name means by now
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", path)
	case info.Mode().Perm()&^modeMost != 0 && runtime.GOOS != "windows": // where modes say nothing
		return nil, fmt.Errorf("%s has mode %04o, so others on this machine can get at it: chmod 600", path,
			info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(file, fileMost))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	return text, nil
}

// sign puts the credentials into a request for a token, as they are registered: by
// client_secret_basic unless it is said otherwise (RFC 6749 section 2.3.1), or by an
// assertion for the issuer (RFC 7523 section 2.2).
func (c Credentials) sign(header http.Header, form url.Values, issuer string, now time.Time) error {
	switch {
	case c.signer != nil:
		assertion, err := c.assertion(issuer, now)
		form.Set("client_assertion_type", assertionType)
		form.Set("client_assertion", assertion)
		return err
	case c.inForm:
		form.Set("client_id", c.ClientID)
		form.Set("client_secret", c.secret)
	default:
		r := http.Request{Header: header}
		r.SetBasicAuth(url.QueryEscape(c.ClientID), url.QueryEscape(c.secret))
	}
	return nil
}
