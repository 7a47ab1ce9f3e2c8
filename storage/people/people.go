package people

import (
	"latchkey/internal/limit"
	"latchkey/storage/audit"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// People are the users and what belongs to them: sessions, links, groups, attempts.
type People struct {
	DB          *table.DB
	Trail       *audit.Trail
	Policy      *policy.Policy
	Users       table.Table[User]
	Sessions    table.Table[Session]
	Memberships table.Table[Membership]
	Links       table.Table[Link]
	Groups      table.Table[Group]
	attempts    table.Table[attempts]
	strangers   *limit.Table[limit.Failures] // attempts on names that no account has
	signIns     *limit.Table[limit.Spent]    // by users
}

// New returns the people kept in db.
func New(db *table.DB, trail *audit.Trail, p *policy.Policy) *People {
	return &People{DB: db, Trail: trail, Policy: p, Users: userTable(), Sessions: sessionTable(),
		Memberships: membershipTable(),
		Links:       linkTable(), Groups: groupTable(), attempts: attemptTable(),
		strangers: limit.NewTable[limit.Failures](maxStrangers), signIns: limit.NewTable[limit.Spent](maxSignIns)}
}

// NewUsers returns the users kept in p.
func NewUsers(p *People) Users { return Users{p} }

// NewAttempts returns the attempts kept in p.
func NewAttempts(p *People) Attempts { return Attempts{p} }

// NewSessions returns the sessions kept in p.
func NewSessions(p *People) Sessions { return Sessions{p} }

// NewMemberships returns the memberships kept in p.
func NewMemberships(p *People) Memberships { return Memberships{p} }

// NewLinks returns the links kept in p.
func NewLinks(p *People) Links { return Links{p} }

// NewGroups returns the groups kept in p.
func NewGroups(p *People) Groups { return Groups{p} }
