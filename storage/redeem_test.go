package storage

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

func (h *house) state(g *Grant) GrantState {
	h.t.Helper()
	return *need(view(h.ctx, h.base, func(r reader) (*GrantState, error) { return found(h.base.grantStates.get(r, key{}.id(g.ID))) }))(h)
}

func TestOfConcurrentRedemptionsExactlyOneSucceeds(t *testing.T) {
	onEngines(t, func(t *testing.T, h *house) {
		u, c := h.user("ada"), h.client("demo")
		g := h.grant(u, c, h.signIn(u), ScopeOpenID)
		got := h.atOnce(50, func(int) string {
			out, err := h.Grants.Redeem(h.ctx, redemption(g))
			if err != nil || out.Access == nil {
				return out.Refused + outcome(err)
			}
			return "succeeded"
		})
		if got["succeeded"] != 1 || got[RefusedReplay+"done"] != 49 {
			t.Errorf("%v", got)
		}
		if dead := h.dead(g); dead != DeadRevoked { // the losers were replays
			t.Errorf("dead: %q", dead)
		}
	})
}

func TestAReplayRevokesTheGrantAtAnyTime(t *testing.T) {
	for name, later := range map[string]time.Duration{"at once": 0, "after the code has expired": 2 * time.Minute, "after the grant has": 3 * time.Hour} {
		h := newHouse(t)
		f := h.redeemed()
		h.clock.add(later)
		if out := h.redeem(f.grant); out.Access != nil || out.Refused != RefusedReplay {
			t.Errorf("%s: %+v", name, out)
		}
		if h.dead(f.grant) != DeadRevoked {
			t.Errorf("%s: dead %q", name, h.dead(f.grant))
		}
		if !slices.Contains(h.acts(), ActGrantReplayed) {
			t.Errorf("%s: the audit trail is %v", name, h.acts())
		}
		if n := h.commits(func() { h.redeem(f.grant) }); n != 0 { // nor does traffic grow the store
			t.Errorf("%s: the third presentation cost %d commits", name, n)
		}
	}
}

func TestWhatDoesNotMatchTheCodeChangesNothing(t *testing.T) {
	// What is told of a code is told to its own client only.
	for name, c := range map[string]struct {
		change func(*Redemption)
		want   string
	}{
		"another grant":      {func(p *Redemption) { p.Grant[15]++ }, RefusedMismatch},
		"another code":       {func(p *Redemption) { p.CodeHash = []byte("guess") }, RefusedMismatch},
		"no code":            {func(p *Redemption) { p.CodeHash = nil }, RefusedMismatch},
		"another client":     {func(p *Redemption) { p.ClientUID[3]++ }, RefusedMismatch},
		"no client":          {func(p *Redemption) { p.ClientUID = ID{} }, RefusedMismatch},
		"nothing right":      {func(p *Redemption) { *p = Redemption{Grant: p.Grant, ClientUID: p.ClientUID} }, RefusedMismatch},
		"another redirect":   {func(p *Redemption) { p.RedirectURI += "/" }, RefusedRedirectURI},
		"no redirect":        {func(p *Redemption) { p.RedirectURI = "" }, RefusedRedirectURI},
		"another verifier":   {func(p *Redemption) { p.Challenge = "Challenge" }, RefusedVerifier},
		"no verifier":        {func(p *Redemption) { p.Challenge = "" }, RefusedNoVerifier},
		"a longer challenge": {func(p *Redemption) { p.Challenge += "=" }, RefusedVerifier},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			u := h.user("ada")
			g := h.grant(u, h.client("demo"), h.signIn(u), ScopeOpenID)
			p := redemption(g)
			c.change(&p)
			try := func(want string) {
				t.Helper()
				if n := h.commits(func() {
					if out := need(h.Grants.Redeem(h.ctx, p))(h); out.Access != nil || out.Refused != want {
						t.Errorf("%+v, want %s", out, want)
					}
				}); n != 0 {
					t.Errorf("%d commits", n)
				}
			}
			try(c.want)
			if out := h.redeem(g); out.Access == nil {
				t.Fatalf("the code was burnt: %s", out.Refused)
			}
			want := c.want
			if want == RefusedNoVerifier {
				want = RefusedUsedNoVerifier
			}
			try(want) // nor is it a replay: nobody has shown that the code is theirs
			if dead := h.dead(g); dead != "" {
				t.Errorf("dead: %q", dead)
			}
		})
	}
}

func TestAVerifierForACodeWithoutAChallengeIsRefused(t *testing.T) {
	h := newHouse(t)
	u, c := h.user("ada"), h.client("demo")
	n := h.newGrant(u, c, h.signIn(u), ScopeOpenID)
	n.Grant.CodeChallenge = ""
	g := need(h.Grants.Create(h.ctx, n))(h)
	p := redemption(g)
	p.Challenge = "something"
	if out := need(h.Grants.Redeem(h.ctx, p))(h); out.Refused != RefusedUnasked {
		t.Errorf("%+v", out)
	}
	if out := h.redeem(g); out.Access == nil {
		t.Error(out.Refused)
	}
}

func TestACodeLivesForItsLifetimeOnly(t *testing.T) {
	h := newHouse(t)
	u, c := h.user("ada"), h.client("demo")
	v := h.signIn(u)
	in, out := h.grant(u, c, v, ScopeOpenID), h.grant(u, c, v, ScopeOpenID)
	h.clock.add(59 * time.Second)
	if got := h.redeem(in); got.Access == nil {
		t.Error(got.Refused)
	}
	h.clock.add(time.Second)
	if got := h.redeem(out); got.Refused != RefusedExpired {
		t.Errorf("%+v", got)
	}
	if dead := h.dead(out); dead != DeadNotIssued {
		t.Errorf("dead: %q", dead)
	}
}

func TestARedemptionGivesWhatTheGrantGives(t *testing.T) {
	h := newHouse(t)
	u, c := h.user("ada"), h.client("demo")
	v := h.signIn(u)
	g := h.grant(u, c, v, ScopeEmail, ScopeOpenID)
	a := h.redeem(g).Access
	if a.Grant.ID != g.ID || a.User.ID != u.ID || a.Client.ID != c.ID || a.Consent.ID != g.Consent || a.Membership != nil ||
		!slices.Equal(a.Scopes, []string{ScopeEmail, ScopeOpenID}) || !slices.Equal(a.Claims, []string{"email", "email_verified", "sub"}) ||
		a.State.Grant != g.ID || a.State.Redeemed.IsZero() || a.Lifetimes != DefaultSettings().Lifetimes {
		t.Errorf("%+v", a)
	}
	again := need(h.Grants.Access(h.ctx, g.ID, nil))(h)
	if !reflect.DeepEqual(again.State, a.State) || !reflect.DeepEqual(h.state(g), a.State) {
		t.Errorf("%+v, %+v, %+v", again.State, h.state(g), a.State)
	}
}
