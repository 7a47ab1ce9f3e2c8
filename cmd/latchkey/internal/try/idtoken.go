package try

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// asymmetric are the algorithms by which an app that has only public keys can
// verify. What discovery lists beyond them is not tried.
var asymmetric = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}

func (p provider) algorithms() (listed []jose.SignatureAlgorithm) {
	for _, alg := range asymmetric {
		if slices.Contains(p.Algorithms, string(alg)) {
			listed = append(listed, alg)
		}
	}
	return listed
}

// verify checks an ID token as OpenID Connect Core section 3.1.3.7 asks, and shows
// its header and its claims. The checks are the last step's. A refreshed
// one need not repeat the nonce (section 12.2).
func (a *App) verify(ctx context.Context, raw, nonce string, refreshed bool) (claims map[string]any, steps []step) {
	checks := step{Title: "Is the ID token true?", Text: "Before it believes a word, the app checks:"}
	jws, err := jose.ParseSignedCompact(raw, a.provider.algorithms())
	if err != nil || len(jws.Signatures) != 1 {
		checks.check(false, "", fmt.Sprintf("this is no ID token: %v", err))
		return nil, []step{checks}
	}
	header := jws.Signatures[0].Header
	head := step{Title: "The ID token: its header", Text: "A JWT has three parts: header, claims and signature.",
		Rows: []row{{"alg", header.Algorithm, "the signature's algorithm"},
			{"kid", header.KeyID, "which key of the key set made it"}}}
	payload := jws.UnsafePayloadWithoutVerification() // to be shown
	body := step{Title: "The ID token: its claims", Text: "What the provider says of this sign-in.",
		Rows: members(payload)}

	_, err = a.signed(ctx, jws, header.KeyID)
	checks.check(err == nil, "the signature, by the key of that kid at "+a.provider.JWKS,
		fmt.Sprintf("the signature: %v", err))
	if err := json.Unmarshal(payload, &claims); err != nil {
		checks.check(false, "", "the claims are no JSON object")
		return nil, []step{head, body, checks}
	}
	now := a.Now()
	expires, _ := claims["exp"].(float64)
	checks.check(claims["iss"] == a.Issuer, "iss is the issuer that was asked", "iss is another issuer")
	checks.check(audience(claims["aud"], a.clientID), "aud is this client", "aud is another client")
	checks.check(now.Before(time.Unix(int64(expires), 0)), "exp lies ahead", "exp has passed")
	if _, has := claims["nonce"]; !has && refreshed {
		return claims, []step{head, body, checks}
	}
	checks.check(claims["nonce"] == nonce, "nonce is the one that was sent", "nonce is not the one that was sent")
	return claims, []step{head, body, checks}
}

func (a *App) signed(ctx context.Context, jws *jose.JSONWebSignature, kid string) ([]byte, error) {
	var set jose.JSONWebKeySet
	if err := a.fetch(ctx, a.provider.JWKS, &set); err != nil {
		return nil, err
	}
	keys := set.Key(kid)
	if len(keys) != 1 {
		return nil, fmt.Errorf("the key set has %d keys of that kid", len(keys))
	}
	return jws.Verify(keys[0])
}

// audience reports whether aud is client alone: one text, or a list of one.
func audience(aud any, client string) bool {
	list, ok := aud.([]any)
	if ok && len(list) == 1 {
		aud = list[0]
	}
	return aud == client
}
