package keys

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPrefixesTellKindsApart(t *testing.T) {
	prefixes := []string{PrefixAccessToken, PrefixCode, PrefixRefreshToken, PrefixClientSecret, PrefixOneTime}
	for i, a := range prefixes {
		for _, b := range prefixes[i+1:] {
			if strings.HasPrefix(a, b) || strings.HasPrefix(b, a) {
				t.Errorf("%s and %s", a, b)
			}
		}
	}
}

// otherWays are spellings that a lenient decoder takes for the same token.
func otherWays(token string) map[string]string {
	ways := map[string]string{
		"nothing":      "",
		"prefix only":  token[:6],
		"no prefix":    token[6:],
		"other prefix": "lk_xx_" + token[6:],
		"upper prefix": strings.ToUpper(token[:6]) + token[6:],
		"padded":       token + "=",
		"space before": " " + token,
		"line after":   token + "\n",
		"line inside":  token[:20] + "\r\n" + token[20:],
		"standard":     token[:10] + "+" + token[11:],
		"shorter":      token[:len(token)-1],
		"longer":       token + "A",
		"twice":        token + token,
	}
	// A last character with other unused bits.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if (len(token)-6)%4 != 0 {
		last := strings.IndexByte(alphabet, token[len(token)-1])
		ways["bits beyond the end"] = token[:len(token)-1] + string(alphabet[last|1])
	}
	return ways
}

func TestCodeCarriesItsGrantAndHash(t *testing.T) {
	seen := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		var id [16]byte
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		code, hash := NewCode(id)
		gotID, gotHash, err := ParseCode(code)
		if err != nil || gotID != id || !bytes.Equal(gotHash, hash) || len(hash) != 32 {
			t.Fatalf("%s: %x %x %v", code, gotID, gotHash, err)
		}
		if seen[code] || len(code) != 70 {
			t.Fatalf("%d characters, or made before: %s", len(code), code)
		}
		seen[code] = true
	})
}

func TestEveryCodeOfAGrantHasASecretOfItsOwn(t *testing.T) {
	a, aHash := NewCode([16]byte{1})
	b, bHash := NewCode([16]byte{1})
	if a == b || bytes.Equal(aHash, bHash) {
		t.Error(a, b)
	}
}

func TestCodeHasOneForm(t *testing.T) {
	code, _ := NewCode([16]byte{1, 2, 3})
	for name, other := range otherWays(code) {
		if id, hash, err := ParseCode(other); !errors.Is(err, ErrToken) || hash != nil || id != [16]byte{} {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCodeHashCoversTheGrant(t *testing.T) {
	code, hash := NewCode([16]byte{1})
	other := PrefixCode + "B" + code[len(PrefixCode)+1:] // another grant, the same secret
	if _, got, err := ParseCode(other); err != nil || bytes.Equal(got, hash) {
		t.Error("the secret of one grant passes for another's", err)
	}
}

func TestOneTimeTokenHasOneFormAndItsHash(t *testing.T) {
	token, hash := NewOneTime()
	if got, err := HashOneTime(token); err != nil || !bytes.Equal(got, hash) || len(token) != 49 {
		t.Errorf("%d characters: %x, %v", len(token), got, err)
	}
	if again, _ := NewOneTime(); again == token {
		t.Error("made twice")
	}
	for name, other := range otherWays(token) {
		if got, err := HashOneTime(other); !errors.Is(err, ErrToken) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAccessTokenFitsInto255Characters(t *testing.T) {
	r, _ := newRing(t)
	if MaxAccessPayload != 142 {
		t.Errorf("the documented budget is not %d", MaxAccessPayload)
	}
	for n := range MaxAccessPayload + 1 {
		payload := bytes.Repeat([]byte{'p'}, n)
		token, err := r.SealAccessToken(payload)
		if err != nil || len(token) > MaxAccessToken {
			t.Fatalf("%d bytes: %d characters, %v", n, len(token), err)
		}
		got, id, err := r.OpenAccessToken(token)
		if err != nil || !bytes.Equal(got, payload) || len(id) != nonceSize {
			t.Fatalf("%d bytes: %q, %x, %v", n, got, id, err)
		}
	}
	if token, err := r.SealAccessToken(make([]byte, MaxAccessPayload+1)); !errors.Is(err, ErrTokenSize) || token != "" {
		t.Errorf("%q, %v", token, err)
	}
}

func TestAccessTokenHasOneFormAndAnIDOfItsOwn(t *testing.T) {
	r, _ := newRing(t)
	for n := 30; n < 33; n++ { // with each number of unused bits
		token, err := r.SealAccessToken(make([]byte, n))
		if err != nil {
			t.Fatal(err)
		}
		again, _ := r.SealAccessToken(make([]byte, n))
		_, a, _ := r.OpenAccessToken(token)
		_, b, _ := r.OpenAccessToken(again)
		if a == nil || bytes.Equal(a, b) {
			t.Errorf("ids %x and %x", a, b)
		}
		for name, other := range otherWays(token) {
			if payload, id, err := r.OpenAccessToken(other); !errors.Is(err, ErrToken) || payload != nil || id != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestAccessTokenIsNothingSealedForAnotherPurpose(t *testing.T) {
	r, _ := newRing(t)
	other, _ := newRing(t)
	foreign, _ := other.SealAccessToken([]byte("x"))
	for name, token := range map[string]string{
		"session": encodeToken(PrefixAccessToken, r.Seal(PurposeSession, nil, []byte("x"))),
		"bound":   encodeToken(PrefixAccessToken, r.Seal(PurposeAccessToken, []byte("b"), []byte("x"))),
		"foreign": foreign,
		"longer":  encodeToken(PrefixAccessToken, r.Seal(PurposeAccessToken, nil, make([]byte, MaxAccessPayload+1))),
		"huge":    PrefixAccessToken + strings.Repeat("A", 1<<20),
	} {
		if _, _, err := r.OpenAccessToken(token); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	code, _ := NewCode([16]byte{9})
	f.Add(code)
	for _, other := range otherWays(code) {
		f.Add(other)
	}
	f.Fuzz(func(t *testing.T, code string) {
		id, hash, err := ParseCode(code)
		if err != nil {
			if !errors.Is(err, ErrToken) || hash != nil {
				t.Error(err)
			}
			return
		}
		raw, _ := base64.RawURLEncoding.DecodeString(code[len(PrefixCode):])
		if encodeToken(PrefixCode, raw) != code || !bytes.Equal(id[:], raw[:16]) {
			t.Errorf("%q is not the one form", code)
		}
	})
}

func FuzzHashOneTime(f *testing.F) {
	token, _ := NewOneTime()
	f.Add(token)
	for _, other := range otherWays(token) {
		f.Add(other)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := HashOneTime(token); err == nil {
			raw, _ := base64.RawURLEncoding.DecodeString(token[len(PrefixOneTime):])
			if encodeToken(PrefixOneTime, raw) != token {
				t.Errorf("%q is not the one form", token)
			}
		} else if !errors.Is(err, ErrToken) {
			t.Error(err)
		}
	})
}

func FuzzOpenAccessToken(f *testing.F) {
	r, _ := newRing(f)
	token, _ := r.SealAccessToken([]byte("payload"))
	f.Add(token)
	for _, other := range otherWays(token) {
		f.Add(other)
	}
	f.Fuzz(func(t *testing.T, other string) {
		if _, _, err := r.OpenAccessToken(other); err == nil && other != token {
			t.Errorf("%q opens", other)
		} else if err != nil && !errors.Is(err, ErrToken) {
			t.Error(err)
		}
	})
}
