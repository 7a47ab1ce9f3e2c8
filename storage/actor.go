package storage

// Role is what a user may do beyond their own account.
type Role string

// RoleAdmin may do everything an operator may.
const RoleAdmin Role = "admin"

// Via says which door an act came through.
type Via string

// The doors.
const (
	ViaCLI  Via = "cli"  // the command line, on the machine itself
	ViaPage Via = "page" // a page, by a signed-in user or a one-time link
	ViaOP   Via = "op"   // a protocol request
	ViaAPI  Via = "api"  // a program, by an access token
	ViaJob  Via = "job"  // Latchkey itself
)

// Actor is on whose behalf an operation is done.
type Actor struct {
	User  ID     // zero: nobody with an account (the operator, a job, a program of its own)
	Roles []Role // of that user
	Via   Via
	// Client is the program that acts, by its client_id: for the user, or, without
	// one, for itself.
	Client string
	// ReadOnly says that it was let in to look: every change is refused.
	ReadOnly  bool
	RequestID string // the request's, so that audit and log can be matched
}

// Operator is whoever may run the command line on the machine that holds the
// data: there, file rights have decided already.
var Operator = Actor{Via: ViaCLI}

// Administers reports whether all there is may be seen, and changed unless the actor
// is ReadOnly. A program of its own is one that a token of the scope let in.
func (a Actor) Administers() bool {
	if a.User.IsZero() {
		return a.Via == ViaCLI || a.Via == ViaJob || a.Via == ViaAPI && a.Client != ""
	}
	for _, r := range a.Roles {
		if r == RoleAdmin {
			return true
		}
	}
	return false
}

// MayManage refuses everybody but administrators who may change things.
func (a Actor) MayManage() error {
	if a.ReadOnly || !a.Administers() {
		return ErrForbidden
	}
	return nil
}

// MayTouch refuses everybody but the user themselves and administrators.
func (a Actor) MayTouch(user ID) error {
	if !a.ReadOnly && !a.User.IsZero() && a.User == user {
		return nil
	}
	return a.MayManage()
}
