package wire

import (
	"time"
)

// Membership is a user's Patreon membership. Amounts are cents of the campaign's
// currency. AsOf is when Patreon said it; left out when written, it is now.
type Membership struct {
	IsPatron                     bool       `json:"is_patron"`
	Status                       string     `json:"status" required:"false" doc:"active_patron, declined_patron, former_patron or empty"`
	Tiers                        []string   `json:"tiers,omitempty"`
	LifetimeSupportCents         int64      `json:"lifetime_support_cents" required:"false"`
	CurrentlyEntitledAmountCents int64      `json:"currently_entitled_amount_cents" required:"false"`
	PledgeStart                  *time.Time `json:"pledge_start,omitempty"`
	AsOf                         *time.Time `json:"as_of,omitempty"`
}
