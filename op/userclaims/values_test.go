package userclaims

import (
	"slices"
	"testing"
	"time"

	"latchkey/storage/grants"
	"latchkey/storage/people"
)

// What the consent page shows is made of this, so nothing may be given that it leaves out.
func TestEveryClaimThatIsGivenHasAValueToShow(t *testing.T) {
	u := &people.User{Username: "ada", Email: "ada@example.org", Updated: time.Unix(1, 0),
		Profile: people.Profile{Name: "n", GivenName: "g", FamilyName: "f",
			MiddleName: "m", Nickname: "k", Profile: "p", Picture: "i", Website: "w", Gender: "x", Birthdate: "2000",
			Zoneinfo: "z", Locale: "l",
			PhoneNumber: "+1", Address: people.Address{Country: "c"}}}
	var all []string
	for claim := range readers {
		all = append(all, claim)
	}
	groups, member := []string{"one", "two"},
		&people.Membership{IsPatron: true, Status: "active_patron", Tiers: []string{"gold"}, AsOf: time.Unix(1, 0)}
	shown := Values(all, u, groups, member)
	for claim := range Of(&grants.Access{User: u, Groups: groups, Membership: member}, all) {
		if !slices.ContainsFunc(shown, func(v Value) bool {
			return v.Text != "" && (v.Claim == claim || claim == "patreon" && v.Claim == "patreon.tiers")
		}) {
			t.Errorf("%s has no value", claim)
		}
	}
	if none := Values(all, &people.User{}, nil, nil); len(none) > 1 { // updated_at
		t.Errorf("of somebody without anything: %v", none)
	}
}
