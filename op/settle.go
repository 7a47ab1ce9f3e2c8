package op

import (
	"context"

	"latchkey/storage/apps"
)

// takeAssertion hands the client's assertion to the operation that uses it up, in the
// commit that the operation makes anyway.
func (c *caller) takeAssertion() apps.Assertion {
	a := c.assertion
	c.assertion = apps.Assertion{}
	return a
}

// settle uses up the client's assertion if no operation has, in a commit of its own. The
// answer is e, which may be nil, or, if the assertion was used before, the refusal of
// whoever sent it again. A refused request uses it up like any other.
func (auth *clientAuth) settle(ctx context.Context, by *caller, e *apiError) *apiError {
	a := by.takeAssertion()
	if len(a.Hash) == 0 {
		return e
	}
	fresh, err := auth.clients.UseAssertion(ctx, a)
	switch {
	case err != nil:
		return failed(err)
	case !fresh:
		return notAuthenticated(apps.RefusedAssertion)
	}
	return e
}
