package page

import (
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Review is what the platform says of an app.
type Review int

// The states an app may be in when its consent page is seen.
const (
	Unreviewed Review = iota // nobody has reviewed it, and nothing is said of that
	Reviewed                 // a reviewer approved it
	FirstParty               // the platform's own
	InTesting                // only its team can use it
)

// Scope is one thing the app may do.
type Scope struct {
	Name     string   // the form value, for an optional one
	Words    string   // "see your profile"
	Claim    string   // without Words: the one claim asked for by itself
	Values   []Value  // what would be seen; may be empty
	Groups   []string // names of groups that would be seen; the first few are shown
	Optional bool     // a box to tick; otherwise it comes with Allow
	Ticked   bool     // an optional one that was granted before
	New      bool     // not asked for when the person last said yes
	Granted  bool     // granted before: shown folded
}

// Value is one thing that an app sees of a person: a claim, or a part of one after a
// dot. Text is "true" or "false" where Claim says whether something was verified, and
// RFC 3339 where it is a time.
type Value struct{ Claim, Text string }

// Label is what the value is called.
func (v Value) Label() Text {
	k := Key("value." + v.Claim)
	if _, ok := english.messages[k]; ok {
		return Say(k)
	}
	return Say("value.other", v.Claim)
}

// Flag says yes or no; zero: the value is neither.
func (v Value) Flag() Text {
	switch v.Text {
	case "true":
		return Say("value.yes")
	case "false":
		return Say("value.no")
	}
	return Text{}
}

// Moment is the time that the value is; zero: it is none.
func (v Value) Moment() time.Time {
	if v.Claim != "updated_at" && !strings.HasPrefix(v.Claim, "patreon.") {
		return time.Time{}
	}
	t, _ := time.Parse(time.RFC3339, v.Text)
	return t
}

// valuesShown is how many values of one scope are shown without folding any.
const valuesShown = 3

// Shown are the values to show at once.
func (s Scope) Shown() []Value {
	if len(s.Values) > valuesShown {
		return s.Values[:1]
	}
	return s.Values
}

// Folded are the other values.
func (s Scope) Folded() []Value { return s.Values[len(s.Shown()):] }

// FoldedCount says how many are folded.
func (s Scope) FoldedCount() Text { return Count("consent.values.more", len(s.Folded())) }

// groupsShown is how many groups are named one by one.
const groupsShown = 10

// GroupsNamed are the groups to name.
func (s Scope) GroupsNamed() []string { return s.Groups[:min(len(s.Groups), groupsShown)] }

// GroupsMore says how many there are besides; zero: none.
func (s Scope) GroupsMore() Text {
	if more := len(s.Groups) - groupsShown; more > 0 {
		return Count("consent.groups.more", more)
	}
	return Text{}
}

// ClaimWords says what a claim without a scope tells.
func (s Scope) ClaimWords() Text {
	k := Key("claim." + s.Claim)
	if _, ok := english.messages[k]; ok {
		return Say(k)
	}
	return Say("claim.other", s.Claim)
}

// Consent asks whether an app may have what it asks for. The form sends
// action=allow or action=deny, the names of the ticked optional scopes as scope,
// and Shown as shown.
type Consent struct {
	Action string // where the form is posted
	App    App
	Review Review
	Person Person
	// SwitchURL lets somebody else use the app: "not you?"
	SwitchURL string
	Scopes    []Scope
	// RedirectURI is where the answer goes: only its host is shown.
	RedirectURI string
	// AccountURL is where consent is taken back; no page, no promise.
	AccountURL string
	// Shown stands for what the page shows, so that an answer to an older one
	// is noticed.
	Shown string
	// Changed says that the person has answered an older one: 409 where they did just now.
	Changed bool
}

func (p Consent) frame(l *livery) frame {
	f := frame{template: "consent", title: Say("consent.title", p.App.Name, l.Name), leaves: true}
	if p.Changed {
		f.summary = []FieldError{{Text: Say("consent.changed")}}
	}
	return f
}

// ReviewLine says who vouches for the app; zero: nobody has.
func (p Consent) ReviewLine(platform string) Text {
	switch p.Review {
	case Reviewed:
		return Say("consent.reviewed", platform)
	case FirstParty:
		return Say("consent.first_party", platform)
	case InTesting:
		return Say("consent.testing")
	}
	return Text{}
}

// Trusted tells whether the review line is good news.
func (p Consent) Trusted() bool { return p.Review == Reviewed || p.Review == FirstParty }

// Asked are the scopes to decide about: required ones, then optional ones.
func (p Consent) Asked(optional bool) []Scope { return p.pick(false, optional) }

// Known are the scopes granted before.
func (p Consent) Known(optional bool) []Scope { return p.pick(true, optional) }

func (p Consent) pick(granted, optional bool) []Scope {
	var some []Scope
	for _, s := range p.Scopes {
		if s.Granted == granted && s.Optional == optional {
			some = append(some, s)
		}
	}
	return some
}

// ReturnsTo says where the browser goes next: a host in the web, or a program on
// this device, known by its scheme or its loopback address (RFC 8252 section 7).
func (p Consent) ReturnsTo() Text {
	u, err := url.Parse(p.RedirectURI)
	if err != nil || u.Scheme == "" {
		return Text{}
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return Say("consent.return.device", u.Scheme)
	}
	if loopback(u.Hostname()) {
		return Say("consent.return.device", u.Host)
	}
	return Say("consent.return", u.Host)
}

func loopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
