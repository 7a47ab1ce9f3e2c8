package op

import "latchkey/storage/apps"

// take hands the client's assertion to the operation that uses it up, in the commit
// that the operation makes anyway.
func (c *call) take() apps.Assertion {
	a := c.assertion
	c.assertion = apps.Assertion{}
	return a
}

// settled uses up the client's assertion if no operation has, in a commit of its own,
// before the answer goes out: e, or, if the assertion was used before, the refusal of
// whoever sent it again. A refused request uses it up like any other.
func (c *call) settled(e *apiError) *apiError {
	a := c.take()
	if len(a.Hash) == 0 {
		return e
	}
	fresh, err := c.store.Clients.UseAssertion(c.request.Context(), a)
	switch {
	case err != nil:
		return failed(err)
	case !fresh:
		return notAuthenticated(apps.RefusedAssertion)
	}
	return e
}
