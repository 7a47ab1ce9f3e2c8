package people

import (
	"context"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// LinkKind is what a one-time link is for.
type LinkKind string

// The kinds of one-time links.
const (
	LinkSetUp    LinkKind = "setup"    // makes the first administrator
	LinkRecovery LinkKind = "recovery" // sets a user's password
)

// Link is a one-time link. Only the hash of its token is kept.
type Link struct {
	Hash    []byte     `cbor:"1,keyasint"`
	Kind    LinkKind   `cbor:"2,keyasint"`
	User    storage.ID `cbor:"3,keyasint,omitzero"`
	Expires time.Time  `cbor:"4,keyasint"`
	// Epoch is the user's when the link was made: a password set meanwhile, by
	// another link or otherwise, makes this one useless.
	Epoch uint64 `cbor:"5,keyasint,omitempty"`
	// PasswordChanged is the user's too, since users may change their password
	// without ending anything; zero: not known.
	PasswordChanged time.Time `cbor:"16,keyasint,omitzero"`
}

// Links holds the one-time links that are outstanding.
type Links struct{ people *People }

func linkTable() table.Table[Link] {
	return table.Table[Link]{Name: "links", Space: table.SpaceLinks,
		Key:   func(l *Link) table.Key { return table.Key{}.Str(string(l.Hash)) },
		Ready: func(l *Link, _ table.Key) { table.InUTC(&l.Expires, &l.PasswordChanged) }}
}

// Create stores a link of the given kind for a user (zero for set-up) and returns
// when it expires. A set-up link needs that no administrator exists (ErrSetUp), a
// recovery link that the user does (ErrNotFound) and is not disabled. Errors
// besides: ErrForbidden, *Invalid.
func (l Links) Create(ctx context.Context, by storage.Actor, kind LinkKind, user storage.ID,
	hash []byte) (time.Time, error) {
	if err := by.MayManage(); err != nil {
		return time.Time{}, err
	}
	if len(hash) == 0 || (kind != LinkSetUp && kind != LinkRecovery) {
		return time.Time{}, storage.Invalidf("link", "must be of the kind %s or %s, with a hash", LinkSetUp,
			LinkRecovery)
	}
	note, now := l.people.Trail.Note(by, audit.ActLinkMade), l.people.DB.Instant()
	return table.Update(ctx, l.people.DB, func(tx kv.Txn) (time.Time, error) {
		v := Link{Hash: hash, Kind: kind, User: user}
		life, err := l.lifetimeOf(tx, &v)
		if err != nil {
			return time.Time{}, err
		}
		v.Expires = now.Add(life)
		if err := l.people.Links.Put(tx, &v); err != nil {
			return time.Time{}, err
		}
		return v.Expires, l.people.Trail.Audit.Put(tx, note.About(user, "", string(kind)))
	})
}

// lifetimeOf says how long such a link lives, and binds it to its user's epoch.
func (l Links) lifetimeOf(tx kv.Txn, v *Link) (time.Duration, error) {
	set, err := l.people.Policy.SettingsIn(tx)
	if err != nil {
		return 0, err
	}
	if v.Kind == LinkSetUp {
		if done, err := l.people.hasAdmin(tx); err != nil || done {
			return 0, storage.ErrOr(err, storage.ErrSetUp)
		}
		return policy.Seconds(set.Lifetimes.SetUpLink), nil
	}
	u, err := storage.Found(l.people.Users.Get(tx, table.Key{}.ID(v.User)))
	if err != nil {
		return 0, err
	}
	if u.Disabled {
		return 0, storage.Invalidf("user", "is disabled: enable it first")
	}
	v.Epoch, v.PasswordChanged = u.Epoch, u.PasswordChanged
	return policy.Seconds(set.Lifetimes.RecoveryLink), nil
}

// Look returns a live link without using it, or ErrLink. A recovery link is alive
// only while its user can still use it.
func (l Links) Look(ctx context.Context, hash []byte, kind LinkKind) (*Link, error) {
	now := l.people.DB.Instant()
	return table.View(ctx, l.people.DB, func(r kv.Reader) (*Link,
		error) {
		return l.people.lookLink(r, hash, kind, now)
	})
}

func (p *People) lookLink(r kv.Reader, hash []byte, kind LinkKind, now time.Time) (*Link, error) {
	v, err := p.Links.Get(r, table.Key{}.Str(string(hash)))
	if err != nil {
		return nil, err
	}
	if v == nil || v.Kind != kind || !now.Before(v.Expires) {
		return nil, storage.ErrLink
	}
	if kind == LinkRecovery {
		u, err := p.Users.Shared(r, table.Key{}.ID(v.User))
		if err != nil || u == nil || !v.stillUsable(u) {
			return nil, storage.ErrOr(err, storage.ErrLink)
		}
	}
	return v, nil
}

// stillUsable reports whether nothing has happened to the user that makes the link useless.
func (v *Link) stillUsable(u *User) bool {
	return !u.Disabled && u.Epoch == v.Epoch &&
		(v.PasswordChanged.IsZero() || v.PasswordChanged.Equal(u.PasswordChanged))
}

// useLink takes a live link out of the store, so that it works once.
func (p *People) useLink(tx kv.Txn, hash []byte, kind LinkKind, now time.Time) (*Link, error) {
	v, err := p.lookLink(tx, hash, kind, now)
	if err != nil {
		return nil, err
	}
	return v, p.Links.Delete(tx, table.Key{}.Str(string(hash)))
}

// Recover uses up a recovery link: the user's password becomes sealed, and every
// session and grant of theirs ends. The account knows the browser that it was done in from
// then on, so that nobody's guessing keeps its owner waiting there. Errors: ErrLink.
func (l Links) Recover(ctx context.Context, hash []byte, requestID string, sealed, browser []byte) (*User, error) {
	note, now := l.people.Trail.Note(storage.Actor{Via: storage.ViaPage, RequestID: requestID},
		audit.ActPasswordSet), l.people.DB.Instant()
	return table.Update(ctx, l.people.DB, func(tx kv.Txn) (*User, error) {
		link, err := l.people.useLink(tx, hash, LinkRecovery, now)
		if err != nil {
			return nil, err
		}
		u, err := storage.Found(l.people.Users.Get(tx, table.Key{}.ID(link.User)))
		if err != nil {
			return nil, err
		}
		u.setPassword(sealed, now)
		u.changed(now)
		if err := l.people.Users.Put(tx, u); err != nil {
			return nil, err
		}
		if err := l.people.changeAttempts(tx, u.ID,
			func(rec *attempts) { rec.rememberBrowser(browser, now) }); err != nil {
			return nil, err
		}
		return u, l.people.Trail.Audit.Put(tx, note.About(u.ID, "", "recovery link"))
	})
}

func (p *People) SweepLinks(tx kv.Txn, after []byte, before time.Time) (table.Swept, error) {
	return table.Sweep(tx, &p.Links, after, func(l *Link) (bool, error) { return l.Expires.Before(before), nil })
}
