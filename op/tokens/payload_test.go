package tokens

import (
	"strings"
	"testing"
	"time"

	"latchkey/storage"
)

func TestAccessTokenPayloadsReadBackAsWritten(t *testing.T) {
	at := time.Unix(1790000000, 0)
	for _, tok := range []AccessToken{
		{Grant: storage.ID{1}, Expires: at, scopes: fullMask},
		{Grant: storage.ID{2}, Expires: at, scopes: 5},
		{Client: "robot", Epoch: 7, Own: []string{"a", "b"}, Expires: at},
		{Client: "robot", Epoch: 7, Own: []string{}, Expires: at},
	} {
		got, err := parseAccessToken(tok.Bytes())
		if err != nil || got.Grant != tok.Grant || got.Client != tok.Client || got.Epoch != tok.Epoch ||
			!got.Expires.Equal(at) ||
			got.scopes != tok.scopes || strings.Join(got.Own, " ") != strings.Join(tok.Own, " ") {
			t.Errorf("%+v reads back as %+v: %v", tok, got, err)
		}
	}
}

func FuzzParseAccessToken(f *testing.F) {
	f.Add(AccessToken{Grant: storage.ID{1}, scopes: fullMask}.Bytes())
	f.Add(AccessToken{Grant: storage.ID{1}, scopes: 5}.Bytes())
	f.Add(AccessToken{Client: "robot", Own: []string{"a"}}.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := parseAccessToken(b); err == nil && v.Grant.IsZero() && v.Client == "" && b[0] == tokenOfClient {
			t.Errorf("%x stands for nobody", b)
		}
	})
}
