package authorize

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/people"
	"latchkey/storage/policy"

	"pgregory.net/rapid"
)

var (
	someScopes  = []string{"openid", "profile", "email", "phone", "gone"}
	somePrompts = []string{"login", "consent", "select_account"}
	someClaims  = []string{"name", "email", "birthdate"}
	started     = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
)

func someOf(t *rapid.T, label string, from []string) []string {
	return slices.DeleteFunc(slices.Clone(from), func(string) bool { return rapid.Bool().Draw(t, label) })
}

// drawRequest is any request that parse may have made.
func drawRequest(t *rapid.T) *Request {
	q := &Request{ClientID: "web", RedirectURI: rapid.SampledFrom([]string{"https://app.example/cb",
		"com.example:/cb"}).Draw(t, "uri"), Started: started}
	for len(q.Scopes) == 0 {
		q.Scopes = someOf(t, "scope", someScopes)
	}
	q.Claims.Userinfo, q.Claims.IDToken = someOf(t, "claim", someClaims), someOf(t, "claim", someClaims)
	if rapid.Bool().Draw(t, "silent") {
		q.Prompt = []string{"none"}
	} else {
		q.Prompt = someOf(t, "prompt", somePrompts)
	}
	if rapid.Bool().Draw(t, "max age") {
		age := rapid.SampledFrom([]uint32{0, 1, 100, 1 << 31}).Draw(t, "age")
		q.MaxAge = &age
	}
	if rapid.IntRange(0, 3).Draw(t, "hinted") == 0 {
		q.Subject = storage.ID{0: 1, 15: byte(rapid.IntRange(0, 4).Draw(t, "subject"))}.String()
	}
	q.LoginHint = rapid.SampledFrom([]string{"", "", "U0", "u1@Example.org", "u4",
		storage.ID{0: 1, 15: 2}.String()}).Draw(t, "login hint")
	return q
}

// drawStanding is any state of the world: a client, and accounts in this browser.
func drawStanding(t *rapid.T) *grants.Standing {
	st := &grants.Standing{Client: &apps.Client{ID: "web", UID: storage.ID{9}, State: apps.ClientApproved, Revision: 3},
		Settings: &policy.Settings{}, Scopes: map[string]*apps.Offer{}}
	m := &st.Client.Metadata
	m.Scopes, m.OptionalScopes = someOf(t, "client scope", someScopes), someOf(t, "optional", someScopes[1:])
	if rapid.Bool().Draw(t, "public") {
		m.TokenEndpointAuthMethod = apps.AuthMethodNone
	}
	if rapid.IntRange(0, 3).Draw(t, "grouped") == 0 {
		m.AllowedGroups = []storage.ID{{7}}
	}
	m.Consent = rapid.SampledFrom([]string{"", apps.ConsentRemembered, apps.ConsentAlways,
		apps.ConsentSkip}).Draw(t, "consent")
	st.Client.FirstParty = rapid.Bool().Draw(t, "first party")
	for i, name := range someScopes[:4] {
		st.Scopes[name] = &apps.Offer{Scope: &apps.Scope{Name: name, Claims: []string{name}, Position: uint32(10 - i)}}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "accounts") {
		a := grants.Account{SignedIn: people.SignedIn{User: &people.User{ID: storage.ID{0: 1, 15: byte(i)},
			Username: fmt.Sprintf("u%d", i),
			Email:    fmt.Sprintf("u%d@example.org", i), EmailVerified: rapid.Bool().Draw(t, "verified")},
			Session: &people.Session{ID: storage.ID{0: 2, 15: byte(i)},
				AuthTime: started.Add(-time.Duration(rapid.IntRange(0, 200).Draw(t, "ago")) * time.Second)}}}
		if rapid.Bool().Draw(t, "member") {
			a.User.Groups = []storage.ID{{6}, {7}}
		}
		if rapid.Bool().Draw(t, "known") {
			a.Consent = &grants.Consent{ID: storage.ID{5}, Scopes: someOf(t, "allowed", someScopes),
				Declined: someOf(t, "declined", someScopes), Claims: someOf(t, "claims", someClaims),
				Implied: rapid.Bool().Draw(t, "implied")}
		}
		st.Accounts = append(st.Accounts, a)
	}
	return st
}

// drawDecisions is any that the pages may have written, about this state of the world
// or an older one.
func drawDecisions(t *rapid.T, q *Request, st *grants.Standing) (d decisions) {
	if rapid.Bool().Draw(t, "decided account") {
		d.Session = storage.ID{0: 2, 15: byte(rapid.IntRange(0, 3).Draw(t, "session"))}
		d.Authenticated = rapid.Bool().Draw(t, "here")
	}
	if len(st.Accounts) > 0 && rapid.Bool().Draw(t, "consented") {
		a := rapid.SampledFrom(st.Accounts).Draw(t, "who")
		d.Consent = newConsentView(q, st, &a).decide(someOf(t, "ticked", someScopes))
		if rapid.IntRange(0, 3).Draw(t, "stale") == 0 {
			d.Consent.Digest[0] ^= 1
		}
	}
	return d
}

func TestEvaluationComesToExactlyOneOutcome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, st := drawRequest(t), drawStanding(t)
		d := drawDecisions(t, q, st)
		v := evaluate(q, st, d)
		outcomes := 0
		for _, is := range []bool{v.step != stepNone, v.fault != nil, v.refusal != nil, v.account != nil} {
			if is {
				outcomes++
			}
		}
		if outcomes != 1 || (v.account == nil) != (len(v.scopes) == 0) || v.account == nil && v.consented != nil {
			t.Fatalf("%+v", v)
		}
		if q.asks("none") && (v.step != stepNone || v.refusal != nil) {
			t.Fatalf("a page for prompt=none: %s", v.step)
		}
		if v.step == stepAccount && len(st.Accounts) == 0 {
			t.Fatal("no account to choose from")
		}
		if v.account != nil {
			mayHaveCode(t, q, st, d, v)
		}
		if again := evaluate(q, st, d); again.step != v.step || again.account != v.account ||
			!slices.Equal(again.scopes, v.scopes) {
			t.Fatalf("not a function: %+v, then %+v", v, again)
		}
	})
}

// mayHaveCode checks all that must be true before a code is given.
func mayHaveCode(t *rapid.T, q *Request, st *grants.Standing, d decisions, v verdict) {
	t.Helper()
	a := v.account
	here := d.Authenticated && d.Session == a.Session.ID
	if !slices.ContainsFunc(st.Accounts, func(x grants.Account) bool { return x.Session.ID == a.Session.ID }) {
		t.Fatal("an account that is not in this browser")
	}
	if !d.Session.IsZero() && d.Session != a.Session.ID {
		t.Fatal("another account than the one decided")
	}
	if q.Subject != "" && a.User.Subject() != q.Subject {
		t.Fatal("another user than the one named")
	}
	if !st.Client.Admits(a.User) {
		t.Fatal("in none of the client's groups")
	}
	named := a.User.Subject() == q.LoginHint || a.User.Username == strings.ToLower(q.LoginHint) ||
		a.User.EmailVerified && a.User.Email == strings.ToLower(q.LoginHint)
	if !q.asks("none") && q.LoginHint != "" && !named && q.Subject == "" && d.Session.IsZero() {
		t.Fatal("another account than the one hinted at, and nobody chose it")
	}
	if hinted := q.asks("none") && named && a.Consent != nil; len(st.Accounts) > 1 && q.Subject == "" &&
		d.Session.IsZero() && !hinted || q.asks("select_account") && d.Session.IsZero() {
		t.Fatal("nobody chose this account")
	}
	if q.asks("login") && !here || q.MaxAge != nil && *q.MaxAge == 0 && !here {
		t.Fatal("no sign-in of this flow")
	}
	if q.MaxAge != nil && !here && q.Started.Sub(a.Session.AuthTime) > time.Duration(*q.MaxAge)*time.Second {
		t.Fatal("signed in too long ago")
	}
	asked := v.consented != nil && !v.consented.Implied
	skips := st.Client.FirstParty && st.Client.Metadata.Consent == apps.ConsentSkip
	if !asked && (q.asks("consent") || st.Client.AsksEachTime(q.RedirectURI) ||
		st.Client.Metadata.Consent == apps.ConsentAlways) {
		t.Fatal("not asked")
	}
	if !asked && !skips && (a.Consent == nil || a.Consent.Implied) || v.consented != nil && v.consented.Implied &&
		!skips {
		t.Fatal("never asked")
	}
	allowed, claims := []string{}, []string{}
	if a.Consent != nil {
		allowed, claims = a.Consent.Scopes, a.Consent.Claims
	}
	if c := v.consented; c != nil {
		if asked && d.Consent.Session != a.Session.ID ||
			slices.ContainsFunc(c.Scopes, func(s string) bool { return slices.Contains(c.Declined, s) }) {
			t.Fatalf("%+v", c)
		}
		allowed, claims = c.Scopes, append(slices.Clone(claims), c.Claims...)
	}
	for _, s := range v.scopes {
		if !slices.Contains(allowed, s) || !slices.Contains(q.Scopes, s) ||
			!slices.Contains(st.Client.Metadata.Scopes, s) {
			t.Fatalf("%s was not asked for, allowed and offered", s)
		}
	}
	for _, s := range userclaims.Intersect(q.Scopes, st.Client.Metadata.Scopes) {
		no := st.Client.SkipsConsent() && v.account.Consent != nil &&
			slices.Contains(v.account.Consent.Declined, s) // which stands
		if st.Scopes[s] != nil && !no && !slices.Contains(st.Client.Metadata.OptionalScopes, s) &&
			!slices.Contains(v.scopes, s) {
			t.Fatalf("the required scope %s is missing", s)
		}
	}
	for _, c := range q.Claims.All() {
		covered := slices.ContainsFunc(q.Scopes, func(s string) bool { return st.Scopes[s] != nil && s == c })
		if !covered && !slices.Contains(claims, c) {
			t.Fatalf("nobody allowed the claim %s", c)
		}
	}
}

// An app must not find out by hints who is signed in here that it does not know.
func TestASilentHintAtAnAccountThatDidNotAllowTheAppChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, st := drawRequest(t), drawStanding(t)
		q.Prompt = []string{"none"}
		for i := range st.Accounts {
			if a := &st.Accounts[i]; q.names(a) {
				a.Consent = nil
			}
		}
		plain := *q
		plain.LoginHint = ""
		with, without := evaluate(q, st, decisions{}), evaluate(&plain, st, decisions{})
		if !reflect.DeepEqual(with, without) {
			t.Fatalf("with %q %+v, without %+v", q.LoginHint, with, without)
		}
	})
}

// Whoever does what the pages ask comes to an end, and never to the same page twice.
func TestEveryFlowComesToAnEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, st := drawRequest(t), drawStanding(t)
		var d decisions
		for range 5 {
			switch v := evaluate(q, st, d); v.step {
			case stepNone:
				return
			case stepSignIn:
				who := storage.ID{0: 1, 15: 4}
				if q.Subject != "" {
					var err error
					if who, err = storage.ParseID(q.Subject); err != nil {
						t.Fatal(err)
					}
				}
				a := grants.Account{SignedIn: people.SignedIn{User: &people.User{ID: who, Username: "u"},
					Session: &people.Session{ID: storage.ID{0: 3}, AuthTime: started}}}
				st.Accounts = append(st.Accounts, a)
				d = decisions{Session: a.Session.ID, Authenticated: true}
			case stepAccount:
				d = decisions{Session: rapid.SampledFrom(st.Accounts).Draw(t, "choice").Session.ID}
			case stepConsent:
				a, _ := chooseAccount(q, st, d)
				d.Consent = newConsentView(q, st, a).decide(nil)
			}
		}
		t.Fatal("no end")
	})
}

// Should a record say that a native client skips consent, it is not believed.
func TestARecordThatSaysThatANativeClientSkipsConsentIsNotBelieved(t *testing.T) {
	st := &grants.Standing{Client: &apps.Client{FirstParty: true, Metadata: apps.Metadata{Consent: apps.ConsentSkip,
		ApplicationType: apps.ApplicationNative, Scopes: []string{"openid"}}},
		Scopes: map[string]*apps.Offer{"openid": {Scope: &apps.Scope{Name: "openid"}}},
		Accounts: []grants.Account{{SignedIn: people.SignedIn{User: &people.User{ID: storage.ID{2}},
			Session: &people.Session{ID: storage.ID{1}}}}}}
	if v := evaluate(&Request{Scopes: []string{"openid"}, RedirectURI: "com.example:/cb"}, st,
		decisions{}); v.step != stepConsent {
		t.Errorf("%+v", v)
	}
}
