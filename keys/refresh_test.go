package keys

import (
	"bytes"
	"errors"
	"testing"
)

func TestARefreshTokenIsTheSameStringEachTimeAndOneGenerationsOnly(t *testing.T) {
	r, _ := newRing(t)
	grant, secret, key := [16]byte{1, 2, 3}, NewRefreshSecret(), r.CurrentKey(PurposeRefresh)
	token, err := r.RefreshToken(key, secret, grant, 7)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := r.RefreshToken(key, secret, grant, 7); again != token {
		t.Error("the same generation is another string")
	}
	parsed, err := ParseRefreshToken(token)
	if err != nil || parsed.Grant != grant || parsed.Generation != 7 || !r.VerifyRefreshToken(parsed, key, secret) {
		t.Fatalf("parsed %+v: %v", parsed, err)
	}
	for what, change := range map[string]func(*RefreshToken){
		"generation": func(p *RefreshToken) { p.Generation++ },
		"grant":      func(p *RefreshToken) { p.Grant[15]++ },
		"MAC":        func(p *RefreshToken) { p.mac = append(bytes.Clone(p.mac[:31]), p.mac[31]^1) },
	} {
		forged := parsed
		change(&forged)
		if r.VerifyRefreshToken(forged, key, secret) {
			t.Errorf("another %s verifies", what)
		}
	}
	if r.VerifyRefreshToken(parsed, key, NewRefreshSecret()) || r.VerifyRefreshToken(parsed, key+1, secret) {
		t.Error("another secret or an unknown key verifies")
	}
	if _, err := r.RefreshToken(key+1, secret, grant, 7); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("an unknown key: %v", err)
	}
}

func FuzzParseRefreshToken(f *testing.F) {
	f.Add("")
	f.Add(PrefixRefreshToken)
	f.Add(encodeToken(PrefixRefreshToken, make([]byte, grantIDSize+4+refreshMACSize)))
	f.Fuzz(func(t *testing.T, token string) {
		p, err := ParseRefreshToken(token)
		if err != nil {
			return
		}
		raw := append(append(bytes.Clone(p.Grant[:]), byte(p.Generation>>24), byte(p.Generation>>16),
			byte(p.Generation>>8), byte(p.Generation)), p.mac...)
		if encodeToken(PrefixRefreshToken, raw) != token {
			t.Errorf("%q is not the one spelling of its token", token)
		}
	})
}
