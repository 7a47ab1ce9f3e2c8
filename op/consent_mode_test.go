package op

import (
	"context"
	"net/url"
	"slices"
	"testing"

	"latchkey/op/authorize"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/people"
)

// own makes web the platform's own, which asks nobody.
func (h *house) own(skip bool) {
	h.t.Helper()
	if skip {
		must(h.store.Clients.SetFirstParty(context.Background(), storage.Operator, webID, true))
	}
	h.change(webID, func(m *apps.Metadata) {
		m.Consent = apps.ConsentRemembered
		if skip {
			m.Consent = apps.ConsentSkip
		}
	})
}

func (h *house) consentOf(u *people.User) *grants.Consent {
	h.t.Helper()
	apps := must(h.store.Consents.OfUser(context.Background(), u.ID, 10))
	if len(apps) == 0 {
		return nil
	}
	return apps[0].Consent
}

func TestAClientThatSkipsConsentAsksNobodyAndSaysSoInTheRecord(t *testing.T) {
	h := newHouse(t)
	h.own(true)
	b := h.browser()
	b.signIn(h.ada)
	a := b.authorize(authorization("prompt", "none", "claims", `{"userinfo":{"nickname":null}}`))
	wantCode(t, a)
	if v, _ := h.token(webID, redemption(a.code())); v.Scope != "openid profile email" {
		t.Errorf("%+v", v)
	}
	c := h.consentOf(h.ada)
	if c == nil || !c.Implied || len(c.Scopes) != 3 {
		t.Fatalf("%+v", c)
	}
	before := h.commits()
	b.authorize(authorization())
	if again := h.consentOf(h.ada); h.commits()-before != 1 || again.Updated != c.Updated {
		t.Error("written again though nothing is new")
	}
	// An app may still want it seen.
	wantStep(t, b.authorize(authorization("prompt", "consent")), authorize.PathConsent)
}

func TestWhenAClientNoLongerSkipsConsentItsUsersAreAsked(t *testing.T) {
	h := newHouse(t)
	h.own(true)
	b := h.browser()
	v := b.tokens(authorization())
	h.own(false)
	wantFault(t, b.authorize(authorization("prompt", "none")), "consent_required")
	a := b.toConsent(authorization("scope", "openid email"))
	if shown := b.look(a); shown.Known ||
		slices.ContainsFunc(shown.Asks, func(a authorize.Ask) bool { return a.Granted }) {
		t.Errorf("shown as known: %+v", shown)
	}
	// The user has allowed nothing yet, and says no: what the app had gives nothing.
	gone := func(when string) {
		t.Helper()
		if resp := h.userinfo(v.AccessToken); resp.StatusCode != 401 {
			t.Errorf("%s: %d at userinfo", when, resp.StatusCode)
		}
		if apps := must(h.store.Consents.OfUser(context.Background(), h.ada.ID, 10)); len(apps) != 0 {
			t.Errorf("%s: listed as connected", when)
		}
	}
	gone("before the user is asked")
	wantFault(t, b.read(b.post(a.step, url.Values{"action": {"deny"}})), "access_denied")
	gone("after a no")
	// An app that is the platform's own again has what it had.
	h.own(true)
	if resp := h.userinfo(v.AccessToken); resp.StatusCode != 200 {
		t.Errorf("where nobody is asked again: %d", resp.StatusCode)
	}
	h.own(false)
	a = b.toConsent(authorization("scope", "openid email"))
	wantCode(t, b.walk(a))
	if got := h.claimsOf(v.AccessToken); got["email"] == nil || got["name"] != nil {
		t.Errorf("after a yes to less: %v", got)
	}
	// Only what was shown is allowed now.
	if c := h.consentOf(h.ada); c.Implied || !slices.Equal(c.Scopes, []string{"email", "openid"}) {
		t.Errorf("%+v", c)
	}
	wantCode(t, b.authorize(authorization("scope", "openid email", "prompt", "none")))
	wantFault(t, b.authorize(authorization("prompt", "none")), "consent_required")
	// Flagged alone is not enough, and neither is the mode without the flag.
	must(h.store.Clients.SetFirstParty(context.Background(), storage.Operator, webID, true))
	wantFault(t, b.authorize(authorization("prompt", "none")), "consent_required")
}

func TestWhatAUserDeclinedStaysDeclinedWhereConsentIsSkipped(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.OptionalScopes = []string{"email"} })
	b := h.browser()
	wantCode(t, b.login(authorization("scope", "openid email"))) // email left unticked
	h.own(true)
	v := b.tokens(authorization())
	if v.Scope != "openid profile" {
		t.Errorf("scope %q", v.Scope)
	}
	v = b.tokens(authorization("scope", "openid", "claims", `{"userinfo":{"email":null,"nickname":null}}`))
	if c := h.consentOf(h.ada); !slices.Equal(c.Claims, []string{"nickname"}) {
		t.Errorf("asked for one by one: %q", c.Claims)
	}
	if got := h.claimsOf(v.AccessToken); got["email"] != nil {
		t.Errorf("%v", got)
	}
}

// A no is not undone by making a must of what could be declined.
func TestWhatAUserDeclinedStaysDeclinedWhenItIsOptionalNoMore(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.OptionalScopes = []string{"email"} })
	b := h.browser()
	wantCode(t, b.login(authorization("scope", "openid email"))) // email left unticked
	h.own(true)
	h.change(webID, func(m *apps.Metadata) { m.OptionalScopes = nil })
	v := b.tokens(authorization())
	if v.Scope != "openid profile" || h.claimsOf(v.AccessToken)["email"] != nil {
		t.Errorf("scope %q, claims %v", v.Scope, h.claimsOf(v.AccessToken))
	}
	c, before := h.consentOf(h.ada), h.commits()
	wantCode(t, b.authorize(authorization()))
	if again := h.consentOf(h.ada); h.commits()-before != 1 || !slices.Equal(again.Declined, []string{"email"}) ||
		again.Updated != c.Updated {
		t.Errorf("%+v, after %+v", again, c)
	}
	wantFault(t, b.authorize(authorization("scope", "email", "prompt", "none")), "access_denied")
	// Who is asked can say yes, and has to where nothing is skipped.
	wantStep(t, b.authorize(authorization("prompt", "consent")), authorize.PathConsent)
	h.own(false)
	wantFault(t, b.authorize(authorization("prompt", "none")), "consent_required")
	wantCode(t, b.walk(b.toConsent(authorization())))
	if c := h.consentOf(h.ada); !slices.Contains(c.Scopes, "email") || len(c.Declined) != 0 {
		t.Errorf("after a yes: %+v", c)
	}
}

func TestAClientThatAlwaysAsksGetsNoSilentAnswer(t *testing.T) {
	h := newHouse(t)
	h.change(webID, func(m *apps.Metadata) { m.Consent = apps.ConsentAlways })
	b := h.browser()
	for range 2 {
		wantCode(t, b.login(authorization()))
		if !slices.Contains(b.steps, authorize.PathConsent) {
			t.Errorf("steps %q", b.steps)
		}
	}
	wantFault(t, b.authorize(authorization("prompt", "none")), "consent_required")
	a := b.toConsent(authorization())
	wantFault(t, b.read(b.post(a.step, url.Values{"action": {"deny"}})), "access_denied")
}

// Even one of the platform's own is asked about where anybody may pose as it.
func TestNativeClientsNeverSkipConsent(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	native := func(m *apps.Metadata) {
		publicClient(m)
		m.ApplicationType, m.RedirectURIs = apps.ApplicationNative, []string{"com.example:/cb"}
	}
	h.client("native", native)
	h.client("loopback", func(m *apps.Metadata) {
		publicClient(m)
		m.RedirectURIs = []string{callback, "http://127.0.0.1/cb"}
	})
	for _, id := range []string{"native", "loopback"} {
		m := must(h.store.Clients.SetFirstParty(ctx, storage.Operator, id, true)).Metadata
		m.Consent = apps.ConsentSkip
		if _, err := h.store.Clients.Change(ctx, storage.Operator, id, 0, m); err == nil {
			t.Errorf("%s may skip consent", id)
		}
	}
	// A web app with a secret skips it at its own address alone.
	h.client("photos", func(m *apps.Metadata) { m.RedirectURIs = []string{callback, "app.photos:/cb"} })
	m := must(h.store.Clients.SetFirstParty(ctx, storage.Operator, "photos", true)).Metadata
	m.Consent = apps.ConsentSkip
	must(h.store.Clients.Change(ctx, storage.Operator, "photos", 0, m))
	b := h.signedIn()
	wantCode(t, b.authorize(authorization("client_id", "photos")))
	wantStep(t, b.authorize(authorization("client_id", "photos", "redirect_uri", "app.photos:/cb")),
		authorize.PathConsent)
	wantFault(t, b.authorize(authorization("client_id", "photos", "redirect_uri", "app.photos:/cb", "prompt",
		"none")), "consent_required")
}
