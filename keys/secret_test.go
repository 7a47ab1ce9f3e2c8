package keys

import (
	"bytes"
	"strings"
	"testing"
)

func TestClientSecretHasItsChecksumAndNeverRepeats(t *testing.T) {
	seen := map[string]bool{}
	digits := map[byte]int{}
	for range 2000 {
		secret := NewClientSecret()
		if !IsClientSecret(secret) || len(secret) != 6+43+6 || seen[secret] {
			t.Fatalf("%q", secret)
		}
		seen[secret] = true
		for i := range secretLength {
			digits[secret[6+i]]++
		}
	}
	// 86,000 digits, 1,387 of each expected; off by a quarter is nine deviations.
	for _, d := range []byte(base62) {
		if n := digits[d]; n < 1040 || n > 1740 {
			t.Errorf("%c occurs %d times", d, n)
		}
	}
}

func TestClientSecretChecksumFindsEveryTypo(t *testing.T) {
	secret := NewClientSecret()
	for i := range secret {
		typo := []byte(secret)
		typo[i] = '0'
		if secret[i] == '0' {
			typo[i] = '1'
		}
		if IsClientSecret(string(typo)) {
			t.Errorf("%s passes for %s", typo, secret)
		}
	}
	ways := otherWays(secret)
	delete(ways, "bits beyond the end") // base62 digits have none
	for name, other := range ways {
		if IsClientSecret(other) {
			t.Errorf("%s passes", name)
		}
	}
	body := strings.Repeat("é", 21) + "x"
	if IsClientSecret(PrefixClientSecret + body + checksum(body)) {
		t.Error("digits of no alphabet pass")
	}
}

func TestClientSecretVerifiesAgainstItsHashOnly(t *testing.T) {
	r, store := newRing(t)
	secret := NewClientSecret()
	hash := r.HashClientSecret(secret)
	check := func(when string) {
		t.Helper()
		if !r.VerifyClientSecret(hash, secret) {
			t.Errorf("%s: the secret is refused", when)
		}
		if r.VerifyClientSecret(hash, secret+"x") || r.VerifyClientSecret(hash, "") ||
			r.VerifyClientSecret(hash, NewClientSecret()) {
			t.Errorf("%s: another secret passes", when)
		}
		for i := range hash {
			flipped := bytes.Clone(hash)
			flipped[i] ^= 1
			if r.VerifyClientSecret(flipped, secret) {
				t.Errorf("%s: a changed hash passes", when)
			}
		}
		if r.VerifyClientSecret(nil, secret) || r.VerifyClientSecret(hash[:len(hash)-1], secret) ||
			r.VerifyClientSecret(append(bytes.Clone(hash), 0), secret) {
			t.Errorf("%s: a hash of another length passes", when)
		}
	}
	check("at first")
	store.retireDataKeys()
	reload(t, r)
	check("after rotation")
	if bytes.Contains(hash, []byte(secret)) {
		t.Error("the hash shows the secret")
	}
}

func TestAnySecretTextCanBeHashed(t *testing.T) {
	r, _ := newRing(t)
	for _, secret := range []string{"", "short", "p%20e r+c", strings.Repeat("x", 1000)} {
		if !r.VerifyClientSecret(r.HashClientSecret(secret), secret) {
			t.Errorf("%q", secret)
		}
	}
}

func FuzzIsClientSecret(f *testing.F) {
	f.Add(NewClientSecret())
	f.Add("lk_cs_")
	f.Fuzz(func(t *testing.T, secret string) {
		if IsClientSecret(secret) && PrefixClientSecret+secret[6:49]+checksum(secret[6:49]) != secret {
			t.Errorf("%q", secret)
		}
	})
}

func FuzzVerifyClientSecret(f *testing.F) {
	r, _ := newRing(f)
	secret := NewClientSecret()
	hash := r.HashClientSecret(secret)
	f.Add(hash, secret)
	f.Add([]byte{}, "")
	f.Fuzz(func(t *testing.T, h []byte, s string) {
		if r.VerifyClientSecret(h, s) && (s != secret || !bytes.Equal(h, hash)) {
			t.Errorf("%x verifies %q", h, s)
		}
	})
}

func TestASecretOfWhatEverybodyTriesCanBeGuessed(t *testing.T) {
	for secret, want := range map[string]bool{
		"1234567890123456": true, "passwordpassword": true, "my-app-my-app-my-app": true, "qwertyuiopasdfgh": true,
		"aaaaaaaaaaaaaaaaaaaaaaaa": true, "0123456789abcdef": true,
		"a sentence nobody else has": false, "x7Gq9mVt2Lw0cdef": false, "9f86d081884c7d65": false,
		NewClientSecret(): false,
	} {
		if got := GuessableSecret(secret, "my-app"); got != want {
			t.Errorf("%s: %v", secret, got)
		}
	}
}
