package op

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"latchkey/op/authorize"
	"latchkey/op/frontchannel"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"
)

func (h *house) group(name string) *people.Group {
	h.t.Helper()
	return must(h.store.Groups.Create(context.Background(), storage.Operator, name, ""))
}

func (h *house) join(g *people.Group, u *people.User, member bool) {
	h.t.Helper()
	act := h.store.Groups.Leave
	if member {
		act = h.store.Groups.Join
	}
	must(0, act(context.Background(), storage.Operator, g.ID, u.ID))
}

func TestAClientOpenToGroupsRefusesOthersOnAPage(t *testing.T) {
	h := newHouse(t)
	b := h.signedIn()
	v := b.tokens(authorization())
	waiting := b.toConsent(authorization("prompt", "consent"))
	code := b.login(authorization()).code()
	crew := h.group("crew")
	h.change(webID, func(m *apps.Metadata) { m.AllowedGroups = []storage.ID{crew.ID} })

	wantPage(t, b.authorize(authorization()), frontchannel.RefusedNotAllowed)
	wantPage(t, b.authorize(authorization("prompt", "consent")), frontchannel.RefusedNotAllowed)
	wantFault(t, b.authorize(authorization("prompt", "none")), "access_denied")
	wantFault(t, h.browser().authorize(authorization("prompt", "none")), "login_required")
	wantPage(t, b.walk(waiting), frontchannel.RefusedNotAllowed)
	if shown := b.look(waiting); shown.Digest != "" {
		t.Error("a consent page is shown all the same")
	}
	if a, _ := h.token(webID, redemption(code)); a.Error != "invalid_grant" {
		t.Errorf("the code: %+v", a)
	}
	if resp := h.userinfo(v.AccessToken); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("userinfo: %d", resp.StatusCode)
	}
	// Whoever is not signed in is asked to first, and learns it then.
	other := h.browser()
	wantPage(t, other.login(authorization()), frontchannel.RefusedNotAllowed)
	if len(other.steps) != 1 || other.steps[0] != authorize.PathSignIn {
		t.Errorf("steps %q", other.steps)
	}

	h.join(crew, h.ada, true)
	wantCode(t, b.login(authorization()))
	if resp := h.userinfo(v.AccessToken); resp.StatusCode != http.StatusOK {
		t.Errorf("userinfo of a member: %d", resp.StatusCode)
	}
	h.join(crew, h.ada, false)
	wantPage(t, b.authorize(authorization()), frontchannel.RefusedNotAllowed)
}

func TestTheGroupsScopeGivesNames(t *testing.T) {
	h := newHouse(t)
	read := func(v tokenAnswer) any { return decoded[map[string]any](t, h.userinfo(v.AccessToken))["groups"] }
	b := h.browser()
	v := b.tokens(authorization("scope", "openid groups"))
	if got, ok := read(v).([]any); !ok || len(got) != 0 {
		t.Errorf("in no group: %v", read(v))
	}
	h.join(h.group("Staff"), h.ada, true)
	h.join(h.group("Event Crew"), h.ada, true)
	if got, ok := read(v).([]any); !ok || len(got) != 2 || got[0] != "Event Crew" || got[1] != "Staff" {
		t.Errorf("groups: %v", read(v))
	}
	for _, q := range [][]string{{"scope", "openid profile"},
		{"scope", "openid", "claims", `{"userinfo":{"groups":{"essential":true}},"id_token":{"groups":null}}`}} {
		if got := read(h.browser().tokens(authorization(q...))); got != nil {
			t.Errorf("without the scope: %v", got)
		}
	}
}

// What an app would see is what a person says yes to: a group joined since the page
// was shown is shown before it counts.
func TestConsentNamesTheGroupsThatTheAppWillSee(t *testing.T) {
	h := newHouse(t)
	staff := h.group("Staff")
	h.join(staff, h.ada, true)
	h.join(h.group("Event Crew"), h.ada, true)
	b := h.browser()
	groups := func(a answer) (names []string) {
		for _, ask := range b.look(a).Asks {
			for _, v := range ask.Values {
				if v.Claim == apps.ClaimGroups {
					names = append(names, ask.Scope+": "+v.Text)
				}
			}
		}
		return names
	}
	a := b.toConsent(authorization("scope", "openid groups"))
	if got := groups(a); !slices.Equal(got, []string{"groups: Event Crew", "groups: Staff"}) {
		t.Errorf("shown: %q", got)
	}
	digest := b.look(a).Digest
	h.join(staff, h.ada, false)
	again := b.next(b.read(b.post(a.step, url.Values{"action": {"allow"}, "digest": {digest}})))
	wantStep(t, again, authorize.PathConsent)
	if got := groups(again); !slices.Equal(got, []string{"groups: Event Crew"}) {
		t.Errorf("shown again: %q", got)
	}
	wantCode(t, b.walk(again))
	// Remembered consent covers the scope, whatever groups come.
	h.join(h.group("Night Shift"), h.ada, true)
	wantCode(t, b.authorize(authorization("scope", "openid groups")))
	if got := groups(b.toConsent(authorization("scope", "openid profile", "prompt", "consent"))); got != nil {
		t.Errorf("without the scope: %q", got)
	}
}
