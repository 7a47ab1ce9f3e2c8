package remote

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func file(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCredentialsAreReadOnlyFromAFileThatIsPrivateAndWhole(t *testing.T) {
	const whole = `{"client_id": "robot", "client_secret": "` + theSecret + `", "client_name": "x", "secrets": [{}]}`
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string // "": it is taken
	}{
		"whole":      {whole, 0o600, ""},
		"of a group": {whole, 0o440, ""},
		"of all":     {whole, 0o644, "has mode 0644, so others on this machine can get at it: chmod 600"},
		"not JSON":   {`client_secret=` + theSecret, 0o600, "is not JSON"},
		"odd": {`{"client_id": "robot", "client_secret": ["` + theSecret + `"]}`, 0o600,
			"is not JSON with the texts"},
		"no id":     {`{"client_secret": "` + theSecret + `"}`, 0o600, "holds no client_id"},
		"no secret": {`{"client_id": "robot"}`, 0o600, "neither client_secret nor private_key_file"},
		"both": {`{"client_id": "robot", "client_secret": "` + theSecret + `", "private_key_file": "x"}`,
			0o600, "leave one out"},
		"no key": {`{"client_id": "robot", "private_key_file": "absent.pem"}`, 0o600,
			"absent.pem cannot be read: no such file"},
	} {
		got, err := ReadCredentials(file(t, "c.json", c.text, c.mode))
		if (err == nil) != (c.want == "") || err != nil &&
			(!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "precious")) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (got.ClientID != "robot" || got.secret != theSecret) {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, path := range []string{t.TempDir(), "/nowhere/c.json"} {
		if _, err := ReadCredentials(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Error(err)
		}
	}
}

func TestCredentialsAreNeverPrinted(t *testing.T) {
	c := Secret("robot", theSecret)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, c); strings.Contains(text, "precious") {
			t.Errorf("%s: %s", format, text)
		}
	}
}

func TestASecretIsSentAsItIsRegistered(t *testing.T) {
	const odd = "a:b %+&ü"
	for method, inForm := range map[string]bool{"client_secret_basic": false, "client_secret_post": true, "": false} {
		text, err := json.Marshal(map[string]string{"client_id": "ro:bot", "client_secret": odd,
			"token_endpoint_auth_method": method})
		if err != nil {
			t.Fatal(err)
		}
		c, err := ReadCredentials(file(t, "c.json", string(text), 0o600))
		if err != nil {
			t.Fatal(err)
		}
		form, r := url.Values{}, http.Request{Header: http.Header{}}
		if err := c.sign(r.Header, form, "https://id.example", time.Now()); err != nil {
			t.Fatal(err)
		}
		id, secret, basic := r.BasicAuth()
		plainID, _ := url.QueryUnescape(id)
		plainSecret, _ := url.QueryUnescape(secret)
		if basic == inForm || basic && (plainID != "ro:bot" || plainSecret != odd) ||
			inForm != (form.Get("client_secret") == odd) {
			t.Errorf("%s: %v %v", method, r.Header, form)
		}
	}
}

// keyFile writes a private key as openssl genpkey does.
func keyFile(t *testing.T, key any) string {
	t.Helper()
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})), 0o600)
}

func TestAnAssertionIsForTheIssuerAndNewEachTime(t *testing.T) {
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	now := time.Unix(1_700_000_000, 0)
	for alg, key := range map[jose.SignatureAlgorithm]crypto.Signer{jose.EdDSA: edwards, jose.ES256: p256,
		jose.ES384: p384, jose.RS256: rsaKey} {
		c, err := ReadCredentials(file(t, "c.json",
			`{"client_id": "robot", "kid": "1", "private_key_file": "`+keyFile(t, key)+`"}`, 0o600))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[any]bool{}
		for range 2 {
			form, header := url.Values{}, http.Header{}
			if err := c.sign(header, form, "https://id.example", now); err != nil || len(header) > 0 {
				t.Fatal(err)
			}
			jws, err := jose.ParseSignedCompact(form.Get("client_assertion"), []jose.SignatureAlgorithm{alg})
			if err != nil {
				t.Fatal(err)
			}
			text, err := jws.Verify(key.Public())
			if err != nil || jws.Signatures[0].Header.KeyID != "1" {
				t.Fatal(err)
			}
			var claims map[string]any
			if err := json.Unmarshal(text, &claims); err != nil {
				t.Fatal(err)
			}
			if claims["iss"] != "robot" || claims["sub"] != "robot" || claims["aud"] != "https://id.example" ||
				claims["exp"] != 1_700_000_060.0 || seen[claims["jti"]] {
				t.Errorf("%s: %v", alg, claims)
			}
			seen[claims["jti"]] = true
		}
	}
}

func TestKeysThatCannotSignAreRefused(t *testing.T) {
	p521, _ := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	good := keyFile(t, p521)
	for name, path := range map[string]string{
		"P-521": good, "no PEM": file(t, "key.pem", "precious", 0o600),
		"public":   file(t, "key.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", 0o600),
		"damaged":  file(t, "key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600),
		"readable": file(t, "key.pem", "precious", 0o644),
	} {
		if _, err := readSigner(path, ""); err == nil || !strings.Contains(err.Error(), path) ||
			strings.Contains(err.Error(), "precious") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
