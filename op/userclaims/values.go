package userclaims

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"latchkey/storage/grants"
	"latchkey/storage/people"
)

// Value is one thing that an app would learn about a user: a claim, or a part of one
// after a dot, such as patreon.status. Text is "true" or "false" for claims that say
// whether something was verified, and RFC 3339 for times.
type Value struct{ Claim, Text string }

// Values are what claims say of a user now, in the order of the claims: a value for each
// group, and one for each part of a Patreon membership. What the user does not have is
// left out, as it is from ID tokens and userinfo. groups are names, membership may be nil.
func Values(claims []string, u *people.User, groups []string, membership *people.Membership) (all []Value) {
	said := Of(&grants.Access{User: u, Groups: groups, Membership: membership}, claims)
	for _, claim := range claims {
		add := func(part, text string) {
			if text != "" {
				all = append(all, Value{Claim: claim + part, Text: text})
			}
		}
		switch v := said[claim].(type) {
		case string:
			add("", v)
		case bool:
			add("", strconv.FormatBool(v))
		case int64: // updated_at
			add("", time.Unix(v, 0).UTC().Format(time.RFC3339))
		case []string:
			for _, name := range v {
				add("", name)
			}
		case people.Address:
			add("", addressLine(v))
		case patreonClaim:
			patreonValues(v, add)
		}
	}
	return all
}

// addressLine is the whole address in one line. A formatted one may leave out what the
// other members say, and apps get them all.
func addressLine(a people.Address) string {
	var parts []string
	for _, s := range []string{a.Formatted, a.StreetAddress, a.PostalCode, a.Locality, a.Region, a.Country} {
		s = strings.Join(strings.Fields(s), " ")
		if s != "" && !strings.Contains(strings.Join(parts, ", "), s) {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

func patreonValues(c patreonClaim, add func(part, text string)) {
	status := "none"
	if c.Status != nil {
		status = strings.ReplaceAll(*c.Status, "_", " ")
	}
	add(".status", status)
	add(".tiers", strings.Join(c.Tiers, ", "))
	add(".entitled", cents(c.CurrentlyEntitledAmountCents))
	add(".lifetime", cents(c.LifetimeSupportCents))
	if c.PledgeStart != nil {
		add(".since", *c.PledgeStart)
	}
	add(".as_of", c.AsOf)
}

// cents is an amount in the campaign's currency, which Patreon does not name; empty for 0.
func cents(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d.%02d", n/100, n%100)
}
