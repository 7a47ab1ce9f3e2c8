package op

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"latchkey/op/authorize"
	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"
)

// toConsent signs Ada in and goes to the consent page.
func (b *browser) toConsent(q url.Values) answer {
	b.h.t.Helper()
	a := b.authorize(q)
	for a.step != "" && !hasStep(a, authorize.PathConsent) {
		a = b.next(a)
	}
	wantStep(b.h.t, a, authorize.PathConsent)
	return a
}

func hasStep(a answer, step string) bool {
	return len(a.step) > len(step) && a.step[len(a.step)-len(step):] == step
}

func TestTheConsentPageShowsWhatIsAskedInTheCataloguesOrder(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	shown := b.look(b.toConsent(authorization("scope", "phone email openid", "claims",
		`{"userinfo":{"name":null,"email":null},"id_token":{"nickname":null}}`)))
	var names []string
	for _, ask := range shown.Asks {
		names = append(names, ask.Scope+"/"+ask.Claim)
		if ask.Scope != "" && ask.Words == "" || ask.Optional || ask.Granted || ask.Declined {
			t.Errorf("%+v", ask)
		}
		if ask.Scope == "email" && !slices.Equal(ask.Values,
			[]userclaims.Value{{Claim: "email", Text: "ada@example.org"},
				{Claim: "email_verified", Text: "false"}}) {
			t.Errorf("%+v", ask)
		}
	}
	if want := []string{"openid/", "email/", "phone/", "/name", "/nickname"}; !slices.Equal(names, want) ||
		shown.Known {
		t.Errorf("%q, known %v", names, shown.Known)
	}
}

// What was decided holds for exactly what was shown.
func TestAConsentDecisionIsBoundToWhatWasShown(t *testing.T) {
	ctx := context.Background()
	for name, change := range map[string]func(h *house, b *browser){
		"the client was renamed": func(h *house,
			_ *browser) {
			h.change(webID, func(m *apps.Metadata) { m.ClientName = "Evil" })
		},
		"a scope became optional": func(h *house, _ *browser) {
			h.change(webID, func(m *apps.Metadata) { m.OptionalScopes = []string{"email"} })
		},
		"the client lost a scope": func(h *house, _ *browser) {
			h.change(webID, func(m *apps.Metadata) { m.Scopes = []string{"openid", "profile"} })
		},
		"the client is registered anew": func(h *house, _ *browser) {
			must(0, h.store.Clients.Delete(ctx, storage.Operator, webID))
			h.client(webID, nil)
		},
		"the e-mail changed": func(h *house, _ *browser) {
			other := "ada@other.example"
			must(h.store.Users.Change(ctx, storage.Operator, h.ada.ID, people.UserChange{Email: &other}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			b := h.browser()
			a := b.toConsent(authorization())
			allow := url.Values{"action": {"allow"}, "digest": {b.look(a).Digest}}
			early := b.read(b.post(a.step, allow)) // decided, not yet evaluated
			change(h, b)
			wantStep(t, b.read(b.get(early.step)), authorize.PathConsent)
			wantStep(t, b.read(b.get(b.read(b.post(a.step, allow)).step)), authorize.PathConsent)
			wantCode(t, b.walk(a))
		})
	}
}

func TestAConsentDecisionIsBoundToTheAccount(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a := b.toConsent(authorization())
	digest := b.look(a).Digest
	// Another account signs in within the flow; the page of the first is posted.
	b.user = h.user(people.User{Username: "bob"})
	b.read(b.post(flowAt(flowID(a))+authorize.PathSignIn, url.Values{"session": {b.signIn(b.user).String()}}))
	again := b.read(b.post(a.step, url.Values{"action": {"allow"}, "digest": {digest}}))
	wantStep(t, b.read(b.get(again.step)), authorize.PathConsent)
	// And an account that is chosen after the decision is asked itself.
	a = b.toConsent(authorization("state", "2"))
	b.post(a.step, url.Values{"action": {"allow"}, "digest": {b.look(a).Digest}})
	b.user = h.ada
	back := b.read(b.post(flowAt(flowID(a))+authorize.PathAccount,
		url.Values{"session": {b.sessionOf(h.ada).String()}}))
	wantStep(t, b.read(b.get(back.step)), authorize.PathConsent)
}

func TestAWrongDigestDecidesNothing(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a := b.toConsent(authorization())
	for _, digest := range []string{"", "x", flipped(b.look(a).Digest)} {
		back := b.read(b.post(a.step, url.Values{"action": {"allow"}, "digest": {digest}}))
		wantStep(t, b.read(b.get(back.step)), authorize.PathConsent)
	}
}

func TestAllowingBeforeSigningInDecidesNothing(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a := b.authorize(authorization())
	back := b.read(b.post(flowAt(flowID(a))+authorize.PathConsent, url.Values{"action": {"allow"}}))
	wantStep(t, b.read(b.get(back.step)), authorize.PathSignIn)
}

func TestOptionalScopesAreGivenOnlyWhenTicked(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.OptionalScopes = []string{"email", "phone"} })
	b := h.browser()
	all := authorization("scope", "openid profile email phone")
	b.tick = []string{"email", "root", "openid", "address"} // what was not asked cannot be ticked
	if v := b.tokens(all); v.Scope != "openid profile email" {
		t.Errorf("scope %q", v.Scope)
	}
	// Declined is remembered: no question, no scope.
	if a := b.authorize(all); a.code() == "" {
		t.Errorf("%+v", a)
	}
	if v := b.tokens(all); v.Scope != "openid profile email" || len(b.steps) != 0 {
		t.Errorf("scope %q after %q", v.Scope, b.steps)
	}
	// prompt=consent asks again, and shows what was allowed and what was not.
	q := clone(all)
	q.Set("prompt", "consent")
	a := b.toConsent(q)
	for _, ask := range b.look(a).Asks {
		if ask.Granted != (ask.Scope != "phone") || ask.Declined != (ask.Scope == "phone") ||
			ask.Optional != (ask.Scope == "email" || ask.Scope == "phone") {
			t.Errorf("%+v", ask)
		}
	}
	b.tick = []string{"email", "phone"}
	a = b.walk(a)
	if v, _ := h.token(webID, redemption(a.code())); v.Scope != "openid profile email phone" {
		t.Errorf("%+v", v)
	}
	// Clearing a box that was ticked before is a no for this authorization.
	b.tick = []string{"phone"}
	a = b.walk(b.toConsent(q))
	if v, _ := h.token(webID, redemption(a.code())); v.Scope != "openid profile phone" {
		t.Errorf("%+v", v)
	}
}

func TestAllowingNothingIsADenial(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.OptionalScopes = []string{"email"} })
	wantFault(t, h.browser().login(authorization("scope", "email")), "access_denied")
}

func TestAScopeThatBecomesRequiredIsAskedForAgain(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.OptionalScopes = []string{"email"} })
	b := h.browser()
	wantCode(t, b.login(authorization()))
	h.change(webID, func(m *apps.Metadata) { m.OptionalScopes = nil })
	wantStep(t, b.authorize(authorization()), authorize.PathConsent)
}

func TestWideningAsksAndNarrowingDoesNot(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn()
	wantCode(t, b.authorize(authorization("scope", "openid")))
	a := b.authorize(authorization("scope", "openid phone"))
	wantStep(t, a, authorize.PathConsent)
	for _, ask := range b.look(a).Asks {
		if ask.Granted != (ask.Scope == "openid") {
			t.Errorf("%+v", ask)
		}
	}
	wantStep(t, b.authorize(authorization("scope", "openid", "claims",
		`{"userinfo":{"birthdate":null,"phone_number":null}}`)), authorize.PathConsent)
	wantCode(t, b.authorize(authorization("claims",
		`{"userinfo":{"name":null,"email":null}}`))) // covered by the scopes
}

func TestWithdrawnConsentIsAskedForAgain(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn()
	must(0, h.store.Consents.Withdraw(context.Background(), storage.Operator, h.ada.ID, webID))
	wantStep(t, b.authorize(authorization()), authorize.PathConsent)
	wantFault(t, b.authorize(authorization("prompt", "none")), "consent_required")
}

// An app on the user's device cannot prove who it is (RFC 8252 section 8.6).
func TestNativeClientsAreAskedEachTimeAndGetNoSilentAnswer(t *testing.T) {
	h := newHouse(t)
	native := func(uri string) func(*apps.Metadata) {
		return func(m *apps.Metadata) {
			publicClient(m)
			m.ApplicationType, m.RedirectURIs = apps.ApplicationNative, []string{uri}
		}
	}
	h.client("scheme", native("com.example.app:/cb"))
	h.client("loopback", native("http://127.0.0.1/cb"))
	h.client("claimed", native("https://app.example/native"))
	h.client("spa", publicClient)
	h.client("weblocal", func(m *apps.Metadata) { m.RedirectURIs = []string{"http://localhost:9000/cb"} })
	h.client("localspa", func(m *apps.Metadata) { publicClient(m); m.RedirectURIs = []string{"http://localhost:9000/cb"} })
	for id, each := range map[string]bool{"scheme": true, "loopback": true, "claimed": true, "spa": false,
		"weblocal": false, "localspa": true} {
		uri := must(h.store.Clients.Get(context.Background(), id)).Metadata.RedirectURIs[0]
		q := authorization("client_id", id, "redirect_uri", uri)
		b := h.browser()
		b.user = h.ada
		wantCode(t, b.login(q))
		if a := b.authorize(q); hasStep(a, authorize.PathConsent) != each || (a.code() == "") != each {
			t.Errorf("%s: %+v", id, a)
		}
		q.Set("prompt", "none")
		if a := b.authorize(q); (a.params.Get("error") == "consent_required") != each {
			t.Errorf("%s, silently: %+v", id, a)
		}
	}
}

// The claims parameter is another way to ask for what the client may ask for, and
// not a way around it.
func TestClaimsAskedOneByOneStayWithinTheClientsScopes(t *testing.T) {
	h := newHouse(t)
	h.client("small", func(m *apps.Metadata) { m.Scopes = []string{"openid", "profile"} })
	b := h.browser()
	claims := `{"userinfo":{"email":{"essential":true},"patreon":null,"nickname":null,"sub":null,"iss":null},"id_token":{"phone_number":null,"name":null}}`
	a := b.toConsent(authorization("client_id", "small", "scope", "openid", "claims", claims))
	var names []string
	for _, ask := range b.look(a).Asks {
		names = append(names, ask.Scope+ask.Claim)
	}
	if want := []string{"openid", "name", "nickname"}; !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
	wantCode(t, b.walk(a))
}

func TestAFlowsPagesKnowWhatTheyNeed(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a := b.authorize(authorization("login_hint", "ada"))
	if s := b.look(a); s.LoginHint != "ada" || s.Client != webID || s.Accounts != 0 || s.Digest != "" {
		t.Errorf("%+v", s)
	}
	if s := b.look(b.authorize(authorization("login_hint", h.ada.Subject()))); s.LoginHint != "" {
		t.Errorf("a sub is offered as a username: %+v", s)
	}
	if resp := b.post(flowAt(flowID(a))+authorize.PathConsent,
		url.Values{"action": {"deny"}}); resp.StatusCode != http.StatusSeeOther ||
		resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
}
