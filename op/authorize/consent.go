package authorize

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"

	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/people"
)

// ConsentView is what a user is asked to allow. The pages show all of it.
type ConsentView struct {
	Client      *apps.Client
	User        *people.User
	Asks        []Ask
	RedirectURI string // where the browser goes afterwards
	Known       bool   // the user has allowed this app something before
	session     storage.ID
}

// Ask is one thing that the app wants.
type Ask struct {
	Scope    string // empty for a claim asked for by itself
	Claim    string
	Words    string             // completes "… will be able to", for scopes
	Values   []userclaims.Value // what the app would see of this user: see Values
	Optional bool
	Granted  bool // allowed before
	Declined bool // left out before
}

// newConsentView lists what q asks of a's user, in the catalogue's order.
func newConsentView(q *Request, st *grants.Standing, a *grants.Account) *ConsentView {
	have := remembered(st.Client, a)
	v := &ConsentView{Client: st.Client, User: a.User, RedirectURI: q.RedirectURI, Known: have != nil,
		session: a.Session.Line()}
	var covered []string
	for _, name := range q.Scopes {
		sc := st.Scopes[name]
		if sc == nil || !st.Client.MayAsk(sc.Scope) {
			continue // no longer offered, or no longer to this app
		}
		covered = append(covered, sc.Claims...)
		v.Asks = append(v.Asks, Ask{Scope: name, Words: sc.Words, Values: valuesOf(sc.Claims, a),
			Optional: slices.Contains(st.Client.Metadata.OptionalScopes, name),
			Granted:  have != nil && slices.Contains(have.Scopes, name),
			Declined: have != nil && slices.Contains(have.Declined, name)})
	}
	slices.SortStableFunc(v.Asks, func(x, y Ask) int {
		return cmp.Compare(st.Scopes[x.Scope].Position, st.Scopes[y.Scope].Position)
	})
	for _, claim := range q.Claims.All() {
		if !slices.Contains(covered, claim) {
			v.Asks = append(v.Asks, Ask{Claim: claim, Values: valuesOf([]string{claim}, a),
				Granted: have != nil && slices.Contains(have.Claims, claim)})
		}
	}
	return v
}

// remembered is what the user allows the client; nil: nothing. What was never shown to
// them is nothing once the client is no longer one that asks nobody.
func remembered(c *apps.Client, a *grants.Account) *grants.Consent {
	if a.Consent != nil && !a.Consent.Counts(c) {
		return nil
	}
	return a.Consent
}

// scopes are those that are shown, in the order of the request.
func (v *ConsentView) scopes(q *Request) []string {
	return slices.DeleteFunc(slices.Clone(q.Scopes), func(s string) bool {
		return !slices.ContainsFunc(v.Asks, func(a Ask) bool { return a.Scope == s })
	})
}

// asksNew reports whether something was neither allowed nor declined before. An app
// that asks for openid alone is asked about too: the user has never seen it.
func (v *ConsentView) asksNew() bool {
	return slices.ContainsFunc(v.Asks, func(a Ask) bool { return !a.Granted && (!a.Declined || !a.Optional) })
}

// asksBeyond reports whether something is asked for that the client is not registered
// for: an open scope. Of that nobody has said that the user need not be asked.
func (v *ConsentView) asksBeyond() bool {
	return slices.ContainsFunc(v.Asks, func(a Ask) bool { return a.Scope != "" && !v.Client.Registered(a.Scope) })
}

// Digest names exactly what is shown, to whom, for which state of the app. A
// decision about anything else is shown again.
func (v *ConsentView) Digest() []byte {
	what := struct {
		Session, Client storage.ID
		Revision        uint64
		URI             string
		Asks            []Ask
	}{v.session, v.Client.UID, v.Client.Revision, v.RedirectURI, v.Asks}
	b, err := json.Marshal(what)
	if err != nil {
		panic("op: a consent view cannot be written as JSON: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// decide turns the boxes a user ticked into a decision: everything required, and
// the optional scopes ticked.
func (v *ConsentView) decide(ticked []string) *consentDecision {
	d := &consentDecision{Session: v.session, Digest: v.Digest()}
	for _, a := range v.Asks {
		switch {
		case a.Claim != "":
			d.Claims = append(d.Claims, a.Claim)
		case !a.Optional || slices.Contains(ticked, a.Scope):
			d.Scopes = append(d.Scopes, a.Scope)
		default:
			d.Declined = append(d.Declined, a.Scope)
		}
	}
	return d
}

// imply is the decision of a client that asks nobody: all it asks for, save what the
// user has declined, be it optional or not by now.
func (v *ConsentView) imply() *grants.ConsentChange {
	d := &grants.ConsentChange{Implied: true}
	for _, a := range v.Asks {
		switch {
		case a.Claim != "":
			d.Claims = append(d.Claims, a.Claim)
		case !a.Declined:
			d.Scopes = append(d.Scopes, a.Scope)
		}
	}
	return d
}

func valuesOf(claims []string, a *grants.Account) []userclaims.Value {
	return userclaims.Values(claims, a.User, a.Groups, a.Membership)
}
