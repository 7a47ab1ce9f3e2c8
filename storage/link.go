package storage

import (
	"context"
	"time"

	"latchkey/storage/kv"
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
	Hash    []byte    `cbor:"1,keyasint"`
	Kind    LinkKind  `cbor:"2,keyasint"`
	User    ID        `cbor:"3,keyasint,omitzero"`
	Expires time.Time `cbor:"4,keyasint"`
	// Epoch is the user's when the link was made: a password set meanwhile, by
	// another link or otherwise, makes this one useless.
	Epoch uint64 `cbor:"5,keyasint,omitempty"`
	// PasswordChanged is the user's too, since users may change their password
	// without ending anything; zero: not known.
	PasswordChanged time.Time `cbor:"16,keyasint,omitzero"`
}

// Links holds the one-time links that are outstanding.
type Links struct{ b *base }

func linkTable() table[Link] {
	return table[Link]{name: "links", space: spaceLinks,
		key:   func(l *Link) key { return key{}.str(string(l.Hash)) },
		ready: func(l *Link, _ key) { inUTC(&l.Expires, &l.PasswordChanged) }}
}

// Create stores a link of the given kind for a user (zero for set-up) and returns
// when it expires. A set-up link needs that no administrator exists (ErrSetUp), a
// recovery link that the user does (ErrNotFound) and is not disabled. Errors
// besides: ErrForbidden, *Invalid.
func (l Links) Create(ctx context.Context, by Actor, kind LinkKind, user ID, hash []byte) (time.Time, error) {
	if err := by.mayManage(); err != nil {
		return time.Time{}, err
	}
	if len(hash) == 0 || (kind != LinkSetUp && kind != LinkRecovery) {
		return time.Time{}, invalid("link", "must be of the kind %s or %s, with a hash", LinkSetUp, LinkRecovery)
	}
	note, now := l.b.note(by, ActLinkMade), l.b.instant()
	return update(ctx, l.b, func(tx kv.Txn) (time.Time, error) {
		v := Link{Hash: hash, Kind: kind, User: user}
		life, err := l.allowed(tx, &v)
		if err != nil {
			return time.Time{}, err
		}
		v.Expires = now.Add(life)
		if err := l.b.links.put(tx, &v); err != nil {
			return time.Time{}, err
		}
		return v.Expires, l.b.audit.put(tx, note.about(user, "", string(kind)))
	})
}

// allowed says how long such a link lives, and binds it to its user's epoch.
func (l Links) allowed(tx kv.Txn, v *Link) (time.Duration, error) {
	set, err := l.b.settingsIn(tx)
	if err != nil {
		return 0, err
	}
	if v.Kind == LinkSetUp {
		if done, err := l.b.hasAdmin(tx); err != nil || done {
			return 0, errOr(err, ErrSetUp)
		}
		return Seconds(set.Lifetimes.SetUpLink), nil
	}
	u, err := found(l.b.users.get(tx, key{}.id(v.User)))
	if err != nil {
		return 0, err
	}
	if u.Disabled {
		return 0, invalid("user", "is disabled: enable it first")
	}
	v.Epoch, v.PasswordChanged = u.Epoch, u.PasswordChanged
	return Seconds(set.Lifetimes.RecoveryLink), nil
}

// Look returns a live link without using it, or ErrLink. A recovery link is alive
// only while its user can still use it.
func (l Links) Look(ctx context.Context, hash []byte, kind LinkKind) (*Link, error) {
	now := l.b.instant()
	return view(ctx, l.b, func(r kv.Reader) (*Link, error) { return l.b.lookLink(r, hash, kind, now) })
}

func (b *base) lookLink(r kv.Reader, hash []byte, kind LinkKind, now time.Time) (*Link, error) {
	v, err := b.links.get(r, key{}.str(string(hash)))
	if err != nil {
		return nil, err
	}
	if v == nil || v.Kind != kind || !now.Before(v.Expires) {
		return nil, ErrLink
	}
	if kind == LinkRecovery {
		u, err := b.users.shared(r, key{}.id(v.User))
		if err != nil || u == nil || !v.fits(u) {
			return nil, errOr(err, ErrLink)
		}
	}
	return v, nil
}

// fits reports whether nothing has happened to the user that makes the link useless.
func (v *Link) fits(u *User) bool {
	return !u.Disabled && u.Epoch == v.Epoch && (v.PasswordChanged.IsZero() || v.PasswordChanged.Equal(u.PasswordChanged))
}

// useLink takes a live link out of the store, so that it works once.
func (b *base) useLink(tx kv.Txn, hash []byte, kind LinkKind, now time.Time) (*Link, error) {
	v, err := b.lookLink(tx, hash, kind, now)
	if err != nil {
		return nil, err
	}
	return v, b.links.delete(tx, key{}.str(string(hash)))
}

// Recover uses up a recovery link: the user's password becomes sealed, and every
// session and grant of theirs ends. The account knows the browser that it was done in from
// then on, so that nobody's guessing keeps its owner waiting there. Errors: ErrLink.
func (l Links) Recover(ctx context.Context, hash []byte, requestID string, sealed, browser []byte) (*User, error) {
	note, now := l.b.note(Actor{Via: ViaPage, RequestID: requestID}, ActPasswordSet), l.b.instant()
	return update(ctx, l.b, func(tx kv.Txn) (*User, error) {
		link, err := l.b.useLink(tx, hash, LinkRecovery, now)
		if err != nil {
			return nil, err
		}
		u, err := found(l.b.users.get(tx, key{}.id(link.User)))
		if err != nil {
			return nil, err
		}
		u.setPassword(sealed, now)
		u.changed(now)
		if err := l.b.users.put(tx, u); err != nil {
			return nil, err
		}
		if err := l.b.changeAttempts(tx, u.ID, func(rec *attempts) { rec.remember(browser, now) }); err != nil {
			return nil, err
		}
		return u, l.b.audit.put(tx, note.about(u.ID, "", "recovery link"))
	})
}
