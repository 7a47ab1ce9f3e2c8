package apps

// Dead says why a grant gives nothing. It is for the log: a caller is told that the
// token or code is not valid, and of its end by time alone that it was that.
type Dead string

func (d Dead) Error() string { return "the grant is dead: " + string(d) }

const (
	DeadUnknown   Dead = "no such grant"
	DeadRevoked   Dead = "revoked"
	DeadExpired   Dead = "expired"
	DeadUser      Dead = "user disabled, deleted or signed out everywhere"
	DeadClient    Dead = "client suspended, unapproved or deleted"
	DeadGroup     Dead = "user in none of the groups the client is open to"
	DeadConsent   Dead = "consent withdrawn, or implied for a client that asks now"
	DeadSession   Dead = "session ended"
	DeadNotIssued Dead = "its code is not redeemed"
	DeadScopes    Dead = "none of its scopes is allowed any more"
	DeadIdle      Dead = "its refresh token went unused too long"
	DeadToken     Dead = "this token is revoked"
)
