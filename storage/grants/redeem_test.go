package grants_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/grants"
	"latchkey/storage/policy"
	"latchkey/storage/store/storetest"
)

func TestOfConcurrentRedemptionsExactlyOneSucceeds(t *testing.T) {
	storetest.OnEngines(t, func(t *testing.T, h *storetest.House) {
		u, c := h.User("ada"), h.Client("demo")
		g := h.Grant(u, c, h.SignIn(u), apps.ScopeOpenID)
		got := h.AtOnce(50, func(int) string {
			out, err := h.Grants.Redeem(h.Ctx, storetest.Redemption(g))
			if err != nil || out.Access == nil {
				return out.Refused + storetest.Outcome(err)
			}
			return "succeeded"
		})
		if got["succeeded"] != 1 || got[grants.RefusedReplay+"done"] != 49 {
			t.Errorf("%v", got)
		}
		if dead := h.Dead(g); dead != apps.DeadRevoked { // the losers were replays
			t.Errorf("dead: %q", dead)
		}
	})
}

func TestAReplayRevokesTheGrantAtAnyTime(t *testing.T) {
	for name, later := range map[string]time.Duration{"at once": 0, "after the code has expired": 2 * time.Minute,
		"after the grant has": 3 * time.Hour} {
		h := storetest.NewHouse(t)
		f := h.Redeemed()
		h.Clock.Add(later)
		if out := h.Redeem(f.Grant); out.Access != nil || out.Refused != grants.RefusedReplay {
			t.Errorf("%s: %+v", name, out)
		}
		if h.Dead(f.Grant) != apps.DeadRevoked {
			t.Errorf("%s: dead %q", name, h.Dead(f.Grant))
		}
		if !slices.Contains(h.Acts(), audit.ActGrantReplayed) {
			t.Errorf("%s: the audit trail is %v", name, h.Acts())
		}
		if n := h.Commits(func() { h.Redeem(f.Grant) }); n != 0 { // nor does traffic grow the store
			t.Errorf("%s: the third presentation cost %d commits", name, n)
		}
	}
}

func TestWhatDoesNotMatchTheCodeChangesNothing(t *testing.T) {
	// What is told of a code is told to its own client only.
	for name, c := range map[string]struct {
		change func(*grants.Redemption)
		want   string
	}{
		"another grant":  {func(p *grants.Redemption) { p.Grant[15]++ }, grants.RefusedMismatch},
		"another code":   {func(p *grants.Redemption) { p.CodeHash = []byte("guess") }, grants.RefusedMismatch},
		"no code":        {func(p *grants.Redemption) { p.CodeHash = nil }, grants.RefusedMismatch},
		"another client": {func(p *grants.Redemption) { p.ClientUID[3]++ }, grants.RefusedMismatch},
		"no client":      {func(p *grants.Redemption) { p.ClientUID = storage.ID{} }, grants.RefusedMismatch},
		"nothing right": {func(p *grants.Redemption) {
			*p = grants.Redemption{Grant: p.Grant,
				ClientUID: p.ClientUID}
		}, grants.RefusedMismatch},
		"another redirect":   {func(p *grants.Redemption) { p.RedirectURI += "/" }, grants.RefusedRedirectURI},
		"no redirect":        {func(p *grants.Redemption) { p.RedirectURI = "" }, grants.RefusedRedirectURI},
		"another verifier":   {func(p *grants.Redemption) { p.Challenge = "Challenge" }, grants.RefusedVerifier},
		"no verifier":        {func(p *grants.Redemption) { p.Challenge = "" }, grants.RefusedNoVerifier},
		"a longer challenge": {func(p *grants.Redemption) { p.Challenge += "=" }, grants.RefusedVerifier},
	} {
		t.Run(name, func(t *testing.T) {
			h := storetest.NewHouse(t)
			u := h.User("ada")
			g := h.Grant(u, h.Client("demo"), h.SignIn(u), apps.ScopeOpenID)
			p := storetest.Redemption(g)
			c.change(&p)
			try := func(want string) {
				t.Helper()
				if n := h.Commits(func() {
					if out := storetest.Need(h.Grants.Redeem(h.Ctx, p))(h); out.Access != nil || out.Refused != want {
						t.Errorf("%+v, want %s", out, want)
					}
				}); n != 0 {
					t.Errorf("%d commits", n)
				}
			}
			try(c.want)
			if out := h.Redeem(g); out.Access == nil {
				t.Fatalf("the code was burnt: %s", out.Refused)
			}
			want := c.want
			if want == grants.RefusedNoVerifier {
				want = grants.RefusedUsedNoVerifier
			}
			try(want) // nor is it a replay: nobody has shown that the code is theirs
			if dead := h.Dead(g); dead != "" {
				t.Errorf("dead: %q", dead)
			}
		})
	}
}

func TestAVerifierForACodeWithoutAChallengeIsRefused(t *testing.T) {
	h := storetest.NewHouse(t)
	u, c := h.User("ada"), h.Client("demo")
	n := h.NewGrant(u, c, h.SignIn(u), apps.ScopeOpenID)
	n.Grant.CodeChallenge = ""
	g := storetest.Need(h.Grants.Create(h.Ctx, n))(h)
	p := storetest.Redemption(g)
	p.Challenge = "something"
	if out := storetest.Need(h.Grants.Redeem(h.Ctx, p))(h); out.Refused != grants.RefusedUnasked {
		t.Errorf("%+v", out)
	}
	if out := h.Redeem(g); out.Access == nil {
		t.Error(out.Refused)
	}
}

func TestACodeLivesForItsLifetimeOnly(t *testing.T) {
	h := storetest.NewHouse(t)
	u, c := h.User("ada"), h.Client("demo")
	v := h.SignIn(u)
	in, out := h.Grant(u, c, v, apps.ScopeOpenID), h.Grant(u, c, v, apps.ScopeOpenID)
	h.Clock.Add(59 * time.Second)
	if got := h.Redeem(in); got.Access == nil {
		t.Error(got.Refused)
	}
	h.Clock.Add(time.Second)
	if got := h.Redeem(out); got.Refused != grants.RefusedExpired {
		t.Errorf("%+v", got)
	}
	if dead := h.Dead(out); dead != apps.DeadNotIssued {
		t.Errorf("dead: %q", dead)
	}
}

func TestARedemptionGivesWhatTheGrantGives(t *testing.T) {
	h := storetest.NewHouse(t)
	u, c := h.User("ada"), h.Client("demo")
	v := h.SignIn(u)
	g := h.Grant(u, c, v, apps.ScopeEmail, apps.ScopeOpenID)
	a := h.Redeem(g).Access
	if a.Grant.ID != g.ID || a.User.ID != u.ID || a.Client.ID != c.ID || a.Consent.ID != g.Consent ||
		a.Membership != nil ||
		!slices.Equal(a.Scopes, []string{apps.ScopeEmail, apps.ScopeOpenID}) ||
		!slices.Equal(a.Claims, []string{"email", "email_verified", "sub"}) ||
		a.State.Grant != g.ID || a.State.Redeemed.IsZero() || a.Lifetimes != policy.DefaultSettings().Lifetimes {
		t.Errorf("%+v", a)
	}
	again := storetest.Need(h.Grants.Access(h.Ctx, g.ID, nil))(h)
	if !reflect.DeepEqual(again.State, a.State) || !reflect.DeepEqual(h.State(g), a.State) {
		t.Errorf("%+v, %+v, %+v", again.State, h.State(g), a.State)
	}
}
