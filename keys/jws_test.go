package keys

import (
	"bytes"
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/limit"
	"latchkey/storage/policy"

	"github.com/go-jose/go-jose/v4"
)

type claims struct {
	Subject string `json:"sub"`
}

func sign(t testing.TB, r *Ring, alg, typ string) string {
	t.Helper()
	token, err := r.Sign(context.Background(), alg, typ, claims{"ada"})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func published(t testing.TB, r *Ring) *jose.JSONWebKeySet {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(r.JWKS(), &set); err != nil {
		t.Fatal(err)
	}
	return &set
}

func TestSignedTokensVerifyWithThePublishedKeys(t *testing.T) {
	r := everyAlgorithm(t)
	for _, alg := range r.Algorithms() {
		for _, typ := range types {
			token := sign(t, r, alg, typ)
			jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
			if err != nil {
				t.Fatal(err)
			}
			header := jws.Signatures[0].Protected
			keys := published(t, r).Key(header.KeyID)
			if len(keys) != 1 || keys[0].Algorithm != alg || keys[0].Use != "sig" {
				t.Fatalf("%s: published %v", alg, keys)
			}
			payload, err := jws.Verify(keys[0])
			if err != nil || string(payload) != `{"sub":"ada"}` {
				t.Errorf("%s: %s, %v", alg, payload, err)
			}
			if got := header.ExtraHeaders[jose.HeaderType]; got != typ {
				t.Errorf("typ is %v", got)
			}
			got, gotAlg, err := r.Verify(typ, token)
			if err != nil || string(got) != `{"sub":"ada"}` || gotAlg != alg {
				t.Errorf("%s %s: %s, %s, %v", alg, typ, got, gotAlg, err)
			}
		}
	}
}

func TestSignRefusesWhatIsNoJWT(t *testing.T) {
	r, _ := newRing(t)
	for _, alg := range []string{"none", "HS256", "PS256", ""} {
		if token, err := r.Sign(context.Background(), alg, TypeJWT, claims{}); !errors.Is(err, ErrAlgorithm) ||
			token != "" {
			t.Errorf("%q: %v", alg, err)
		}
	}
	for _, v := range []any{nil, "text", 7, []int{1}, true, func() {}, json.RawMessage(`{`)} {
		if token, err := r.Sign(context.Background(), ES256, TypeJWT, v); !errors.Is(err, ErrClaims) || token != "" {
			t.Errorf("%T: %v", v, err)
		}
	}
	if _, err := r.Sign(context.Background(), ES256, `JWT","x":"`, claims{}); !errors.Is(err, ErrClaims) {
		t.Error(err)
	}
}

func encodeJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// forged are tokens that a verifier somewhere has once accepted.
func forged(t testing.TB, r *Ring) map[string]string {
	rs, es := r.state.Load().signing[RS256], r.state.Load().signing[ES256]
	token := sign(t, r, RS256, TypeJWT)
	parts := strings.Split(token, ".")
	withHeader := func(header map[string]any) string { return encodeJSON(header) + "." + parts[1] + "." + parts[2] }
	// signed gives any header a true signature of our own key.
	signed := func(key *signingKey, header map[string]any, payload string) string {
		input := encodeJSON(header) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
		signature, err := key.algorithm.sign(key.private, []byte(input))
		if err != nil {
			t.Fatal(err)
		}
		return input + "." + base64.RawURLEncoding.EncodeToString(signature)
	}
	hs256 := func(secret []byte) string {
		input := encodeJSON(map[string]any{"alg": "HS256", "kid": rs.id, "typ": "JWT"}) + "." + parts[1]
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	der, err := x509.MarshalPKIXPublicKey(rs.public.Key)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(rs.public)
	if err != nil {
		t.Fatal(err)
	}
	stranger, _ := newRing(t)
	return map[string]string{
		"empty":                     "",
		"dots":                      "..",
		"one dot":                   parts[0] + ".",
		"header only":               parts[0] + "..",
		"no signature":              parts[0] + "." + parts[1] + ".",
		"none":                      withHeader(map[string]any{"alg": "none", "kid": rs.id, "typ": "JWT"}),
		"none, no signature":        encodeJSON(map[string]any{"alg": "none"}) + "." + parts[1] + ".",
		"HS256 with the public DER": hs256(der),
		"HS256 with the public JWK": hs256(jwk),
		"HS256 with the modulus":    hs256(rs.public.Key.(*rsa.PublicKey).N.Bytes()),
		"crit": signed(rs,
			map[string]any{"alg": RS256, "kid": rs.id, "typ": "JWT", "crit": []string{"exp"}, "exp": 1}, "{}"),
		"b64": signed(rs,
			map[string]any{"alg": RS256, "kid": rs.id, "typ": "JWT", "crit": []string{"b64"}, "b64": false}, "{}"),
		"embedded key": signed(stranger.state.Load().signing[RS256],
			map[string]any{"alg": RS256, "jwk": stranger.state.Load().signing[RS256].public}, "{}"),
		"kid of another algorithm":  signed(rs, map[string]any{"alg": RS256, "kid": es.id, "typ": "JWT"}, "{}"),
		"algorithm of another kid":  withHeader(map[string]any{"alg": ES256, "kid": rs.id, "typ": "JWT"}),
		"no kid":                    signed(rs, map[string]any{"alg": RS256, "typ": "JWT"}, "{}"),
		"other type":                sign(t, r, RS256, TypeAccessToken),
		"of another server":         sign(t, stranger, RS256, TypeJWT),
		"aud that panics elsewhere": encodeJSON(map[string]any{"alg": RS256}) + "." + encodeJSON(map[string]any{"aud": []int{1}}) + ".AAAA",
		"payload of another":        parts[0] + "." + encodeJSON(claims{"eve"}) + "." + parts[2],
		"line break":                token + "\n",
		"line break inside":         parts[0] + "." + parts[1] + ".\n" + parts[2],
		"padded":                    token + "=",
		"four parts":                token + "." + parts[2],
		"five parts":                token + "." + parts[1] + "." + parts[2],
		"JSON serialization": fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, parts[0], parts[1],
			parts[2]),
		"huge":                     parts[0] + "." + strings.Repeat("A", maxJWS) + "." + parts[2],
		"ES256 with short numbers": shorten(sign(t, r, ES256, TypeJWT)),
		"ES256 of zeros":           zeros(sign(t, r, ES256, TypeJWT)),
	}
}

func shorten(token string) string {
	dot := strings.LastIndexByte(token, '.')
	return token[:dot+1] + token[dot+1:dot+5]
}

func zeros(token string) string {
	dot := strings.LastIndexByte(token, '.')
	return token[:dot+1] + strings.Repeat("A", len(token)-dot-1)
}

func TestForgedTokensAreRefused(t *testing.T) {
	r, _ := newRing(t)
	for name, token := range forged(t, r) {
		if claims, alg, err := r.Verify(TypeJWT, token); !errors.Is(err, ErrToken) || claims != nil || alg != "" {
			t.Errorf("%s: %s %s %v", name, claims, alg, err)
		}
	}
}

func TestHugeTokensAreNotLookedAtEvenIfSigned(t *testing.T) {
	r, _ := newRing(t)
	token, err := r.Sign(context.Background(), ES256, TypeJWT, claims{strings.Repeat("x", maxJWS)})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Verify(TypeJWT, token); !errors.Is(err, ErrToken) {
		t.Error(err)
	}
}

func TestEveryChangedCharacterIsRefused(t *testing.T) {
	r := everyAlgorithm(t)
	for _, alg := range r.Algorithms() {
		token := sign(t, r, alg, TypeJWT)
		for i := range token {
			changed := []byte(token)
			changed[i] ^= 1
			if _, _, err := r.Verify(TypeJWT, string(changed)); !errors.Is(err, ErrToken) {
				t.Fatalf("%s: character %d: %v", alg, i, err)
			}
		}
	}
}

func TestNextIsPublishedAndRetiredStillVerifies(t *testing.T) {
	r, store := newRing(t)
	old := sign(t, r, ES256, TypeJWT)
	oldID := r.state.Load().signing[ES256].id
	next := addSigningKey(t, r, store, ES256, policy.KeyNext)
	version := r.Version()
	reload(t, r)
	if len(published(t, r).Key(next.ID)) != 1 || r.Version() == version {
		t.Fatal("the next key is not published")
	}
	if r.state.Load().signing[ES256].id != oldID {
		t.Fatal("the next key signs")
	}
	store.edit(func(set *policy.KeySet) {
		for i := range set.SigningKeys {
			switch key := &set.SigningKeys[i]; key.ID {
			case oldID:
				key.State = policy.KeyRetired
			case next.ID:
				key.State = policy.KeyCurrent
			}
		}
	})
	reload(t, r)
	if _, _, err := r.Verify(TypeJWT, old); err != nil || len(published(t, r).Key(oldID)) != 1 {
		t.Errorf("the retired key's token: %v", err)
	}
	token := sign(t, r, ES256, TypeJWT)
	if r.state.Load().signing[ES256].id != next.ID {
		t.Error("the retired key still signs")
	}
	if _, _, err := r.Verify(TypeJWT, token); err != nil {
		t.Error(err)
	}
	store.edit(func(set *policy.KeySet) {
		set.SigningKeys = append(set.SigningKeys[:1:1], set.SigningKeys[2:]...)
	})
	reload(t, r)
	if _, _, err := r.Verify(TypeJWT, old); !errors.Is(err, ErrToken) || len(published(t, r).Key(oldID)) != 0 {
		t.Errorf("the removed key's token: %v", err)
	}
}

func TestAnAlgorithmWithoutACurrentKeyGetsOne(t *testing.T) {
	r, store := newRing(t)
	old := sign(t, r, ES256, TypeJWT)
	store.edit(func(set *policy.KeySet) { set.SigningKeys[1].State = policy.KeyRetired })
	reload(t, r)
	if _, _, err := r.Verify(TypeJWT, sign(t, r, ES256, TypeJWT)); err != nil {
		t.Error(err)
	}
	if _, _, err := r.Verify(TypeJWT, old); err != nil || len(published(t, r).Keys) != 3 {
		t.Errorf("%d keys are published: %v", len(published(t, r).Keys), err)
	}
}

func TestDisabledAlgorithmsAreNeitherPublishedNorUsed(t *testing.T) {
	r, store := newRing(t)
	token := sign(t, r, ES256, TypeJWT)
	o := options(store)
	o.Policy = enabling(RS256)
	off := openRing(t, o)
	for _, key := range published(t, off).Keys {
		if key.Algorithm != RS256 {
			t.Errorf("%s is published", key.Algorithm)
		}
	}
	if _, err := off.Sign(context.Background(), ES256, TypeJWT, claims{}); !errors.Is(err, ErrAlgorithm) {
		t.Error(err)
	}
	if _, _, err := off.Verify(TypeJWT, token); !errors.Is(err, ErrToken) {
		t.Error(err)
	}
	if off.Version() == r.Version() || off.Epoch() != r.Epoch() {
		t.Error("the version does not tell two published sets of one epoch apart")
	}
	on := openRing(t, options(store))
	if _, _, err := on.Verify(TypeJWT, token); err != nil {
		t.Errorf("enabled again: %v", err)
	}
}

func TestRS256IsAlwaysOfferedAndFirst(t *testing.T) {
	o := options(&shelf{})
	o.Policy = enabling(ES256, ES256)
	r := openRing(t, o)
	if got := strings.Join(r.Algorithms(), " "); got != "RS256 ES256" {
		t.Error(got)
	}
	if keys := published(t, r).Keys; len(keys) != 2 || keys[0].Algorithm != RS256 {
		t.Error("RS256 is not the first key published")
	}
	if n := r.state.Load().signing[RS256].public.Key.(*rsa.PublicKey).N.BitLen(); n != 2048 {
		t.Errorf("%d bits", n)
	}
}

func TestPublishedKeysShowNothingPrivate(t *testing.T) {
	r, store := newRing(t)
	check := func(what string, raw []byte) {
		var members map[string]any
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Fatal(err)
		}
		for name := range members {
			if !strings.Contains(" kty use alg kid n e crv x y ", " "+name+" ") {
				t.Errorf("%s shows %s", what, name)
			}
		}
	}
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(r.JWKS(), &set); err != nil || len(set.Keys) != 2 {
		t.Fatal(err)
	}
	for _, key := range set.Keys {
		check("the JWK set", key)
	}
	for _, key := range store.set.SigningKeys {
		check("the record", key.Public)
	}
}

func TestAStoredPublicHalfIsNeverPublished(t *testing.T) {
	r, store := newRing(t)
	before := r.JWKS()
	store.edit(func(set *policy.KeySet) {
		set.SigningKeys[0].Public = []byte(`{"kty":"RSA","n":"AQAB","e":"AQAB"}`)
		set.SigningKeys[0], set.SigningKeys[1] = set.SigningKeys[1], set.SigningKeys[0]
	})
	reload(t, r)
	if !bytes.Equal(r.JWKS(), before) {
		t.Errorf("%s became %s", before, r.JWKS())
	}
}

func TestPublishedOrderIsFixedWithTheCurrentKeyFirst(t *testing.T) {
	r, store := newRing(t)
	current := r.state.Load().signing[ES256].id
	for range 3 {
		addSigningKey(t, r, store, ES256, policy.KeyNext)
		addSigningKey(t, r, store, ES256, policy.KeyRetired)
	}
	reload(t, r)
	before := bytes.Clone(r.JWKS())
	if keys := published(t, r).Keys; len(keys) != 8 || keys[0].Algorithm != RS256 || keys[1].KeyID != current {
		t.Errorf("%s", before)
	}
	store.edit(func(set *policy.KeySet) { slices.Reverse(set.SigningKeys) })
	reload(t, r)
	if !bytes.Equal(r.JWKS(), before) {
		t.Errorf("%s became %s", before, r.JWKS())
	}
}

func TestKidIsTheThumbprint(t *testing.T) {
	r, _ := newRing(t)
	for _, key := range published(t, r).Keys {
		sum, err := key.Thumbprint(crypto.SHA256)
		if err != nil || key.KeyID != base64.RawURLEncoding.EncodeToString(sum) {
			t.Errorf("%s: %v", key.KeyID, err)
		}
	}
}

// One number in 256 is a byte shorter than the others.
func TestES256NumbersHaveTheirFullLength(t *testing.T) {
	r, _ := newRing(t)
	for range 1000 {
		if _, _, err := r.Verify(TypeJWT, sign(t, r, ES256, TypeJWT)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRSASignaturesWaitForACoreAndES256DoesNot(t *testing.T) {
	r, _ := newRing(t)
	for range runtime.GOMAXPROCS(0) {
		if err := r.slow.Wait(context.Background(), limit.Caller{}); err != nil {
			t.Fatal(err)
		}
	}
	sign(t, r, ES256, TypeJWT)
	ctx, cancel := context.WithCancelCause(context.Background())
	gone := errors.New("gone")
	done := make(chan error)
	go func() {
		_, err := r.Sign(ctx, RS256, TypeJWT, claims{})
		done <- err
	}()
	cancel(gone)
	if err := <-done; !errors.Is(err, gone) {
		t.Error(err)
	}
	r.slow.Done()
	sign(t, r, RS256, TypeJWT)
}

func FuzzVerify(f *testing.F) {
	r := everyAlgorithm(f)
	good := map[string]bool{}
	for _, alg := range r.Algorithms() {
		token := sign(f, r, alg, TypeJWT)
		good[token] = true
		f.Add(token)
	}
	for _, token := range forged(f, r) {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		claims, _, err := r.Verify(TypeJWT, token)
		if (err == nil) != good[token] {
			t.Errorf("%q: %s, %v", token, claims, err)
		}
		if err != nil && !errors.Is(err, ErrToken) {
			t.Error(err)
		}
	})
}
