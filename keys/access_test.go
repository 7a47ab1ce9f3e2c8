package keys

import (
	"errors"
	"strings"
	"testing"
)

func TestATokenIDAndAnAccessTokenAreNotOneAnother(t *testing.T) {
	r, _ := newRing(t)
	payload := []byte("what it refers to")
	token, err := r.SealAccessToken(payload)
	if err != nil {
		t.Fatal(err)
	}
	jti, err := r.SealTokenID(payload)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := r.OpenTokenID(jti); err != nil || string(got) != string(payload) {
		t.Fatalf("%q, %v", got, err)
	}
	bare := strings.TrimPrefix(token, PrefixAccessToken)
	for _, wrong := range []string{jti, PrefixAccessToken + jti} {
		if _, _, err := r.OpenAccessToken(wrong); !errors.Is(err, ErrToken) {
			t.Errorf("a jti as access token: %v", err)
		}
	}
	for _, wrong := range []string{token, bare} {
		if _, _, err := r.OpenTokenID(wrong); !errors.Is(err, ErrToken) {
			t.Errorf("an access token as jti: %v", err)
		}
	}
}
