package keys

import (
	"encoding/base64"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"latchkey/internal/strictjson"
)

// usualForm rewrites what other systems keep of a password into one of the
// notations that encodedForms lists. What it does not know it returns as it is.
// Errors are ErrHash and hold no part of the hash.
func usualForm(encoded string) (string, error) {
	switch {
	case strings.HasPrefix(encoded, "{"):
		return fromKeycloak(encoded)
	case !strings.HasPrefix(encoded, "$"):
		return fromDjango(encoded)
	}
	return encoded, nil
}

// fromDjango reads the notation of Django's PASSWORD_HASHERS, whose salts are the
// text itself rather than base64 of it.
func fromDjango(encoded string) (string, error) {
	algorithm, rest, _ := strings.Cut(encoded, "$")
	switch algorithm {
	case "argon2":
		return "$" + rest, nil
	case "bcrypt":
		return rest, nil
	case "bcrypt_sha256":
		return "", fmt.Errorf("%w: bcrypt_sha256 hashes a hash, which is not supported: a new one must be set", ErrHash)
	case "pbkdf2_sha256", "pbkdf2_sha1":
		parts := strings.Split(rest, "$")
		if len(parts) != 3 {
			return "", fmt.Errorf("%w: %s must be followed by rounds, salt and hash", ErrHash, algorithm)
		}
		return pbkdf2Form(strings.TrimPrefix(algorithm, "pbkdf2_"), parts[0], []byte(parts[1]), parts[2])
	case "scrypt":
		return fromDjangoScrypt(strings.Split(rest, "$"))
	}
	return encoded, nil
}

func fromDjangoScrypt(parts []string) (string, error) {
	if len(parts) != 5 {
		return "", fmt.Errorf("%w: scrypt must be followed by work factor, salt, block size, parallelism and hash",
			ErrHash)
	}
	n, err := strconv.ParseUint(parts[0], 10, 32)
	if err != nil || bits.OnesCount64(n) != 1 {
		return "", fmt.Errorf("%w: the work factor of scrypt must be a power of two", ErrHash)
	}
	hash, err := base64.StdEncoding.Strict().DecodeString(parts[4])
	if err != nil {
		return "", fmt.Errorf("%w: the hash must be base64", ErrHash)
	}
	return fmt.Sprintf("$scrypt$ln=%d,r=%s,p=%s$%s$%s", bits.TrailingZeros64(n), parts[2], parts[3],
		base64.RawStdEncoding.EncodeToString([]byte(parts[1])), base64.RawStdEncoding.EncodeToString(hash)), nil
}

// pbkdf2Form writes salt and hash in the alphabet with "." for "+", which is the
// one that is always read as such.
func pbkdf2Form(digest, rounds string, salt []byte, hash string) (string, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(hash)
	if err != nil {
		return "", fmt.Errorf("%w: the hash must be base64", ErrHash)
	}
	name := "$pbkdf2-" + digest
	if digest == "sha1" {
		name = "$pbkdf2"
	}
	text := func(b []byte) string {
		return strings.ReplaceAll(base64.RawStdEncoding.EncodeToString(b), "+", ".")
	}
	return name + "$" + rounds + "$" + text(salt) + "$" + text(raw), nil
}

// keycloakCredential is a password as Keycloak exports it: secretData and
// credentialData are JSON within text, or their members stand beside each other.
type keycloakCredential struct {
	SecretData     string `json:"secretData"`
	CredentialData string `json:"credentialData"`

	Value      string              `json:"value"`
	Salt       string              `json:"salt"`
	Iterations int                 `json:"hashIterations"`
	Algorithm  string              `json:"algorithm"`
	Parameters map[string][]string `json:"additionalParameters"`
}

func fromKeycloak(encoded string) (string, error) {
	var c keycloakCredential
	if strictjson.Unmarshal([]byte(encoded), &c) != nil {
		return "", fmt.Errorf("%w: it is no credential as Keycloak exports it", ErrHash)
	}
	// In this order: each says additionalParameters, and the cost is in the latter.
	for _, inner := range []string{c.SecretData, c.CredentialData} {
		if inner != "" && strictjson.Unmarshal([]byte(inner), &c) != nil {
			return "", fmt.Errorf("%w: it is no credential as Keycloak exports it", ErrHash)
		}
	}
	salt, err := base64.StdEncoding.Strict().DecodeString(c.Salt)
	if err != nil {
		return "", fmt.Errorf("%w: the salt must be base64", ErrHash)
	}
	switch c.Algorithm {
	case "pbkdf2":
		return pbkdf2Form("sha1", strconv.Itoa(c.Iterations), salt, c.Value)
	case "pbkdf2-sha256", "pbkdf2-sha512":
		return pbkdf2Form(strings.TrimPrefix(c.Algorithm, "pbkdf2-"), strconv.Itoa(c.Iterations), salt, c.Value)
	case "argon2":
		return c.argon2(salt)
	}
	return "", fmt.Errorf("%w: its algorithm is none of pbkdf2, pbkdf2-sha256, pbkdf2-sha512 and argon2", ErrHash)
}

func (c *keycloakCredential) argon2(salt []byte) (string, error) {
	one := func(name string) string {
		if v := c.Parameters[name]; len(v) == 1 {
			return v[0]
		}
		return ""
	}
	if one("version") != "1.3" {
		return "", fmt.Errorf("%w: argon2 must be of version 1.3", ErrHash)
	}
	hash, err := base64.StdEncoding.Strict().DecodeString(c.Value)
	if err != nil {
		return "", fmt.Errorf("%w: the hash must be base64", ErrHash)
	}
	return fmt.Sprintf("$argon2%s$v=19$m=%s,t=%d,p=%s$%s$%s", one("type"), one("memory"), c.Iterations,
		one("parallelism"),
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(hash)), nil
}

// checkDecodes returns ErrHash if salt or output would not decode when somebody
// signs in: better known when it is imported.
func checkDecodes(encoded string) error {
	parts := strings.Split(encoded, "$")
	if strings.HasPrefix(encoded, "$2") {
		return nil // an alphabet of its own, of which any text decodes
	}
	for _, text := range parts[len(parts)-2:] {
		text = strings.ReplaceAll(strings.TrimRight(text, "="), ".", "+")
		if _, err := base64.RawStdEncoding.Strict().DecodeString(text); err != nil {
			return fmt.Errorf("%w: its salt or its output is not base64", ErrHash)
		}
	}
	return nil
}
