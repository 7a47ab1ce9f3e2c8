package clientauth

import (
	"context"

	"latchkey/op/oauth"
	"latchkey/storage/apps"
)

// TakeAssertion hands the client's assertion to the operation that uses it up, in the
// commit that the operation makes anyway.
func (c *Caller) TakeAssertion() apps.Assertion {
	a := c.assertion
	c.assertion = apps.Assertion{}
	return a
}

// Settle uses up the client's assertion if no operation has, in a commit of its own. The
// answer is e, which may be nil, or, if the assertion was used before, the refusal of
// whoever sent it again. A refused request uses it up like any other.
func (auth *Authenticator) Settle(ctx context.Context, by *Caller, e *oauth.Error) *oauth.Error {
	a := by.TakeAssertion()
	if len(a.Hash) == 0 {
		return e
	}
	fresh, err := auth.Clients.UseAssertion(ctx, a)
	switch {
	case err != nil:
		return oauth.Failed(err)
	case !fresh:
		return NotAuthenticated(apps.RefusedAssertion)
	}
	return e
}
