package userclaims

import (
	"slices"
	"time"

	"latchkey/storage/apps"
	"latchkey/storage/grants"
	"latchkey/storage/people"
)

// readers turn what is stored of a user into claims; nil: nothing to say, and the
// claim is left out (OpenID Connect Core section 5.3.2).
var readers = map[string]func(*grants.Access) any{
	"name":               func(a *grants.Access) any { return text(a.User.Profile.Name) },
	"given_name":         func(a *grants.Access) any { return text(a.User.Profile.GivenName) },
	"family_name":        func(a *grants.Access) any { return text(a.User.Profile.FamilyName) },
	"middle_name":        func(a *grants.Access) any { return text(a.User.Profile.MiddleName) },
	"nickname":           func(a *grants.Access) any { return text(a.User.Profile.Nickname) },
	"preferred_username": func(a *grants.Access) any { return text(a.User.Username) },
	"profile":            func(a *grants.Access) any { return text(a.User.Profile.Profile) },
	"picture":            func(a *grants.Access) any { return text(a.User.Profile.Picture) },
	"website":            func(a *grants.Access) any { return text(a.User.Profile.Website) },
	"gender":             func(a *grants.Access) any { return text(a.User.Profile.Gender) },
	"birthdate":          func(a *grants.Access) any { return text(a.User.Profile.Birthdate) },
	"zoneinfo":           func(a *grants.Access) any { return text(a.User.Profile.Zoneinfo) },
	"locale":             func(a *grants.Access) any { return text(a.User.Profile.Locale) },
	"updated_at":         func(a *grants.Access) any { return a.User.Updated.Unix() },
	"email":              func(a *grants.Access) any { return text(a.User.Email) },
	"email_verified":     emailVerified,
	"phone_number":       func(a *grants.Access) any { return text(a.User.Profile.PhoneNumber) },
	"phone_number_verified": func(a *grants.Access) any {
		if a.User.Profile.PhoneNumber == "" {
			return nil
		}
		return a.User.Profile.PhoneNumberVerified
	},
	"address":        address,
	"patreon":        patreon,
	apps.ClaimGroups: groups,
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// emailVerified is false as well as true: leaving out a false one would read as
// "unknown" to a client that must know.
func emailVerified(a *grants.Access) any {
	if a.User.Email == "" {
		return nil
	}
	return a.User.EmailVerified
}

// address is the object of OpenID Connect Core section 5.1.1.
func address(a *grants.Access) any {
	v := a.User.Profile.Address
	if v == (people.Address{}) {
		return nil
	}
	return v
}

// patreonClaim is the value of the claim that the scope patreon gives.
type patreonClaim struct {
	IsPatron                     bool     `json:"is_patron"`
	Status                       *string  `json:"status"` // null: never a patron
	Tiers                        []string `json:"tiers"`
	LifetimeSupportCents         int64    `json:"lifetime_support_cents"`
	CurrentlyEntitledAmountCents int64    `json:"currently_entitled_amount_cents"`
	PledgeStart                  *string  `json:"pledge_start"` // RFC 3339
	AsOf                         string   `json:"as_of"`        // RFC 3339
}

// patreon is left out for a user who has linked no Patreon account: that is not the
// same as not being a patron.
func patreon(a *grants.Access) any {
	m := a.Membership
	if m == nil {
		return nil
	}
	c := patreonClaim{IsPatron: m.IsPatron, Tiers: append([]string{}, m.Tiers...), // none is [], not null

		LifetimeSupportCents: m.LifetimeSupportCents, CurrentlyEntitledAmountCents: m.CurrentlyEntitledAmountCents,
		AsOf: m.AsOf.UTC().Format(time.RFC3339)}
	if m.Status != "" {
		c.Status = &m.Status
	}
	if !m.PledgeStart.IsZero() {
		start := m.PledgeStart.UTC().Format(time.RFC3339)
		c.PledgeStart = &start
	}
	return c
}

// groups is an empty list for a user in no group: leaving it out would read as
// "unknown" to an app that must take rights away.
func groups(a *grants.Access) any {
	if a.Groups == nil {
		return nil
	}
	return a.Groups
}

// verifications are claims that say of others whether they are verified. Whoever is
// given an address alone takes it for verified.
var verifications = map[string]string{"email": "email_verified", "phone_number": "phone_number_verified"}

// userClaimsOf reads the named claims; those that are unknown or empty are left
// out. A contact comes with whether it is verified.
func Of(a *grants.Access, names []string) map[string]any {
	out := map[string]any{} // most of many names say nothing
	add := func(name string) {
		if read := readers[name]; read != nil {
			if v := read(a); v != nil {
				out[name] = v
			}
		}
	}
	for _, name := range names {
		add(name)
		add(verifications[name])
	}
	return out
}

// scopeClaims are the scopes that bring claims: the provider's own, which never change.
type Catalogue struct{ scopes []*apps.Scope }

func New(all *apps.Catalogue) *Catalogue {
	given := &Catalogue{}
	for _, s := range all.Offers {
		if len(s.Claims) > 0 {
			given.scopes = append(given.scopes, s.Scope)
		}
	}
	return given
}

// AlsoAllowed are those of the claims asked for one by one that the user allows and
// the client may still ask for. What a scope was refused for, no other way of asking
// brings back.
func (given *Catalogue) AlsoAllowed(a *grants.Access, asked []string) []string {
	if len(asked) == 0 {
		return nil
	}
	one := Intersect(a.Consent.Claims, given.OfClient(a.Client))
	return Intersect(asked, append(one, a.Claims...))
}

// claimsOf are the claims that a client may ask for one by one: those that the
// scopes give which it may ask for. The claims parameter is another way to ask, not
// a way around the review of what an app may see. Memberships of any kind are not
// among them: they are read for their scopes alone.
func (given *Catalogue) OfClient(c *apps.Client) []string {
	return given.OfScopes(slices.DeleteFunc(slices.Clone(c.Metadata.Scopes), func(s string) bool {
		return s == apps.ScopePatreon || s == apps.ScopeGroups
	}))
}

func (given *Catalogue) OfScopes(scopes []string) (claims []string) {
	for _, s := range given.scopes {
		if slices.Contains(scopes, s.Name) {
			claims = append(claims, s.Claims...)
		}
	}
	return claims
}

func Intersect(a, b []string) []string {
	var out []string
	for _, s := range a {
		if slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}
