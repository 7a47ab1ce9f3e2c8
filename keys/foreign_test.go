package keys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// The hashes below were made by other means than this package's: those of PBKDF2
// and scrypt by Python's hashlib (pbkdf2_hmac, scrypt) and base64, put together as
// Django's and Keycloak's documentation say; bcrypt by crypt(3) of the system; the
// password is pass, Django's salt the text seasaltNaCl42xx, Keycloak's the bytes 0
// to 15. The two of argon2 are of the reference implementation's own tests, of the
// password "password".
const (
	djangoPBKDF2   = "pbkdf2_sha256$1000$seasaltNaCl42xx$abs9bzd+0qyKRFhDr7yNg5qlD5IkKWw+Y19LCs1qbT8="
	djangoSHA1     = "pbkdf2_sha1$1000$seasaltNaCl42xx$ZRIL1ogCscHDrk77MNDDC14Bgvc="
	djangoScrypt   = "scrypt$16384$seasaltNaCl42xx$8$1$229qNpFNDmmuCikW4xTMsgIj/Il7iT0PnXSHlB9ws+tdzv/xhnrBONo8NDl2FkrVBv3csXSVTkn8f5S2llqwPg=="
	keycloakSalt   = "AAECAwQFBgcICQoLDA0ODw=="
	keycloakSHA256 = "bJUcGCPe6LS+7UU/J5XTv9uX33V+aCnSoNdHwMeNXBFfnxN4qWujHuAOYiV6tfu1eu2GjQFKFuLJI42dch0MYA=="
	keycloakSHA512 = "f7jabWnDgXOb0Q/DAdZZwCW0fFtNWUp6BU9BTrV3KSSq4kziy6CMW2vGWHvhToZNynSQm4bnAFCJ1N2UemHfig=="
	keycloakSHA1   = "KEA4QzvuLAQiDhTBwjb7bTbVsRVrmGBaPjM5TeodO5jwYa5keGXWWozxAhMGGMFMOofYmjU+jMDGauRHqDXJyA=="
	bcryptOutput   = "$05$abcdefghijklmnopqrstuuCjx09BAQEaxUjVL2C8cOsZD1MO8gOf."
	argon2iKnown   = "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"
	argon2idKnown  = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
)

func keycloak(algorithm, value string) string {
	return `{"algorithm":"` + algorithm + `","hashIterations":1000,"salt":"` + keycloakSalt + `","value":"` + value + `"}`
}

// exported is a credential as Keycloak writes it into a realm's export.
func exported(t testing.TB, secretData, credentialData string) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"id": "1", "type": "password", "createdDate": 1,
		"secretData": secretData, "credentialData": credentialData})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestHashesOfOtherSystemsVerifyAndAreHashedAgain(t *testing.T) {
	h, r, _ := newHasher(t)
	for name, c := range map[string]struct{ encoded, password string }{
		"Django PBKDF2":       {djangoPBKDF2, pass},
		"Django PBKDF2 SHA-1": {djangoSHA1, pass},
		"Django scrypt":       {djangoScrypt, pass},
		"Django argon2":       {"argon2" + argon2idKnown, "password"},
		"Django bcrypt":       {"bcrypt$$2b" + bcryptOutput, pass},
		"Keycloak SHA-256":    {keycloak("pbkdf2-sha256", keycloakSHA256), pass},
		"Keycloak SHA-512":    {keycloak("pbkdf2-sha512", keycloakSHA512), pass},
		"Keycloak SHA-1":      {keycloak("pbkdf2", keycloakSHA1), pass},
		"Keycloak as exported": {exported(t,
			`{"value":"`+keycloakSHA512+`","salt":"`+keycloakSalt+`","additionalParameters":{}}`,
			`{"hashIterations":1000,"algorithm":"pbkdf2-sha512","additionalParameters":{}}`), pass},
		"Keycloak argon2": {exported(t, `{"value":"nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4=","salt":"c29tZXNhbHQ="}`,
			`{"hashIterations":2,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["256"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}`), "password"},
		"argon2i":   {argon2iKnown, "password"},
		"argon2id":  {argon2idKnown, "password"},
		"bcrypt 2a": {"$2a" + bcryptOutput, pass},
		"bcrypt 2b": {"$2b" + bcryptOutput, pass},
		"bcrypt 2y": {"$2y" + bcryptOutput, pass},
	} {
		sealed, err := h.Import(ada, c.encoded)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if ok, rehash, err := h.Verify(context.Background(), ada, sealed, c.password+"x"); ok || rehash != nil ||
			err != nil {
			t.Errorf("%s, wrong password: %v, %x, %v", name, ok, rehash, err)
		}
		ok, rehash, err := h.Verify(context.Background(), ada, sealed, c.password)
		if !ok || rehash == nil || err != nil {
			t.Errorf("%s: %v, %x, %v", name, ok, rehash, err)
			continue
		}
		now, err := r.Unseal(PurposePassword, ada, rehash)
		if err != nil || !bytes.HasPrefix(now, []byte("$argon2id$v=19$m=19456,t=2,p=1$")) {
			t.Errorf("%s is hashed again as %.20q, %v", name, now, err)
		}
	}
}

func TestHashesOfOtherSystemsThatCannotBeTakenAreRefused(t *testing.T) {
	h, _, _ := newHasher(t)
	for name, encoded := range map[string]string{
		"Django unusable":           "!abcdefgh",
		"Django MD5":                "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
		"Django bcrypt_sha256":      "bcrypt_sha256$$2b" + bcryptOutput,
		"Django cut":                "pbkdf2_sha256$1000$salt",
		"Django without rounds":     strings.Replace(djangoPBKDF2, "1000", "", 1),
		"Django of years":           strings.Replace(djangoPBKDF2, "1000", "999999999", 1),
		"Django, hash not base64":   strings.Replace(djangoPBKDF2, "=", "!", 1),
		"Django, salt of two":       strings.Replace(djangoPBKDF2, "seasaltNaCl42xx", "ab", 1),
		"Django scrypt, odd factor": strings.Replace(djangoScrypt, "16384", "16383", 1),
		"Django scrypt of 1 GiB":    strings.Replace(djangoScrypt, "16384", "1048576", 1),
		"Keycloak nothing":          "{}",
		"Keycloak broken":           `{"algorithm":`,
		"Keycloak typed":            `{"algorithm":1}`,
		"Keycloak broken within":    `{"secretData":"x"}`,
		"Keycloak other":            keycloak("pbkdf2-sha3", keycloakSHA256),
		"Keycloak no output":        keycloak("pbkdf2-sha256", ""),
		"Keycloak negative":         strings.Replace(keycloak("pbkdf2-sha256", keycloakSHA256), "1000", "-1", 1),
		"Keycloak argon2 no cost":   strings.Replace(keycloak("argon2", keycloakSHA256), "1000", "2", 1),
		"argon2, bits left over":    argon2idKnown[:len(argon2idKnown)-1] + "5",
		"PBKDF2, impossible length": "$pbkdf2-sha256$10$c2FsdHNhbHRzYWx0A$" + strings.Repeat("A", 32),
	} {
		sealed, err := h.Import(ada, encoded)
		if !errors.Is(err, ErrHash) || sealed != nil {
			t.Errorf("%s is imported: %v", name, err)
		}
		for _, part := range strings.FieldsFunc(encoded, func(r rune) bool { return r == '$' || r == '"' }) {
			if err != nil && len(part) > 20 && strings.Contains(err.Error(), part) {
				t.Errorf("%s: the refusal repeats the hash: %v", name, err)
			}
		}
	}
}

// FuzzImportForeign: whatever is imported can be compared with a password later, without a
// panic and without an error.
func FuzzImportForeign(f *testing.F) {
	h, r, _ := newHasher(f)
	for _, encoded := range []string{djangoPBKDF2, djangoSHA1, djangoScrypt, argon2idKnown,
		"argon2" + argon2idKnown, "$2b" + bcryptOutput,
		keycloak("pbkdf2-sha512", keycloakSHA512), exported(f, `{"value":"","salt":""}`, `{"hashIterations":1}`)} {
		f.Add(encoded)
	}
	f.Fuzz(func(t *testing.T, encoded string) {
		sealed, err := h.Import(ada, encoded)
		if err != nil {
			if !errors.Is(err, ErrHash) {
				t.Error(err)
			}
			return
		}
		usual, err := r.Unseal(PurposePassword, ada, sealed)
		if err != nil || checkEncoded(string(usual)) != nil {
			t.Fatalf("%q, %v", usual, err)
		}
		if len(encoded) > 120 || strings.ContainsAny(encoded, "9") {
			return // costs that are borne, but not by a fuzzer
		}
		if _, _, err := h.Verify(context.Background(), ada, sealed, pass); err != nil {
			t.Errorf("%q: %v", usual, err)
		}
	})
}
