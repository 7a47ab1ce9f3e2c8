package audit

import (
	"context"
	"time"

	"latchkey/storage"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// Act names what was done. Only acts that somebody may have to account for are
// kept: traffic does not grow the store.
type Act string

// The acts that are kept.
const (
	ActSetUp           Act = "setup"
	ActSignIn          Act = "sign-in"
	ActSignOut         Act = "sign-out"
	ActUserCreated     Act = "user.created"
	ActUserChanged     Act = "user.changed"
	ActUserDeleted     Act = "user.deleted"
	ActUserDisabled    Act = "user.disabled"
	ActUserEnabled     Act = "user.enabled"
	ActGuessing        Act = "user.guessed-at" // many wrong passwords in a row, from unknown browsers
	ActUserUnlocked    Act = "user.unlocked"   // failed passwords were taken back
	ActPasswordSet     Act = "user.password-set"
	ActPasswordChanged Act = "user.password-changed" // by the user, who knew the old one
	ActLinkMade        Act = "link.made"
	ActClientCreated   Act = "client.created"
	ActClientChanged   Act = "client.changed"
	ActClientDeleted   Act = "client.deleted"
	ActClientState     Act = "client.state-changed"
	ActSecretRotated   Act = "client.secret-rotated"
	ActConsentGiven    Act = "consent.given"
	ActConsentWithdraw Act = "consent.withdrawn"
	ActGrantRevoked    Act = "grant.revoked"
	ActGrantTheft      Act = "grant.refresh-replayed" // a refresh token used again: the grant is revoked
	ActGrantReplayed   Act = "grant.replayed"         // a code used twice: the grant is revoked
	ActMembership      Act = "user.membership-set"
	ActSettings        Act = "settings.changed"
	ActKeyPublished    Act = "key.published" // it will sign
	ActKeyHastened     Act = "key.hastened"  // it will sign sooner
	ActKeyActivated    Act = "key.activated" // it signs; the one before only verifies
	ActKeyRemoved      Act = "key.removed"
	ActKeysResealed    Act = "keys.resealed" // under another master key
	ActDataKeyRotated  Act = "data-key.rotated"
	ActDataKeyRemoved  Act = "data-key.removed"
	ActGroupCreated    Act = "group.created"
	ActGroupChanged    Act = "group.changed"
	ActGroupDeleted    Act = "group.deleted"
	ActGroupJoined     Act = "user.group-joined"
	ActGroupLeft       Act = "user.group-left"
	ActResourceCreated Act = "resource.created"
	ActResourceChanged Act = "resource.changed"
	ActResourceState   Act = "resource.state-changed"
	ActResourceDeleted Act = "resource.deleted"
	ActResourceSecret  Act = "resource.secret-rotated"
	ActResourceUnlock  Act = "resource.secret-removed"
)

// Event is one line of the audit trail.
type Event struct {
	ID        storage.ID  `cbor:"1,keyasint" json:"id"`
	Time      time.Time   `cbor:"2,keyasint" json:"time"`
	Act       Act         `cbor:"3,keyasint" json:"act"`
	By        storage.ID  `cbor:"4,keyasint,omitzero" json:"by,omitzero"`
	Via       storage.Via `cbor:"5,keyasint,omitempty" json:"via,omitempty"`
	User      storage.ID  `cbor:"6,keyasint,omitzero" json:"user,omitzero"`
	Client    string      `cbor:"7,keyasint,omitempty" json:"client_id,omitempty"`
	RequestID string      `cbor:"8,keyasint,omitempty" json:"request_id,omitempty"`
	Detail    string      `cbor:"9,keyasint,omitempty" json:"detail,omitempty"`
	// ByClient is the program that did it, for By or, without one, for itself.
	ByClient string `cbor:"10,keyasint,omitempty" json:"by_client_id,omitempty"`
	// Changes are the fields that it changed, where it is a change of a record.
	Changes []FieldChange `cbor:"11,keyasint,omitempty" json:"changes,omitempty"`
}

// Audit reads the trail; operations write it.
type Audit struct{ trail *Trail }

func auditTable() table.Table[Event] {
	return table.Table[Event]{Name: "audit", Space: table.SpaceAudit,
		Key:   func(e *Event) table.Key { return table.Key{}.ID(e.ID) },
		Ready: func(e *Event, _ table.Key) { table.InUTC(&e.Time) },
		Indexes: []table.Index[Event]{{Space: table.SpaceAuditBySubject, Keys: func(e *Event) []table.Key {
			if e.User.IsZero() {
				return nil
			}
			return []table.Key{table.Key{}.ID(e.User)}
		}}}}
}

// Note is an event prepared before a transaction: its id must not be made inside.
func (t *Trail) Note(by storage.Actor, act Act) Event {
	return Event{ID: t.DB.NewID(), Time: t.DB.Instant(), Act: act, By: by.User, ByClient: by.Client, Via: by.Via,
		RequestID: by.RequestID}
}

func (e Event) About(user storage.ID, client, detail string) *Event {
	e.User, e.Client, e.Detail = user, client, detail
	return &e
}

// List returns up to limit events, newest first, after the cursor of an earlier
// page (nil: from the newest), and the cursor of the next page (nil: no more).
func (a Audit) List(ctx context.Context, after []byte, limit int) ([]*Event, []byte, error) {
	p, err := table.View(ctx, a.trail.DB, func(r kv.Reader) (table.Page[Event], error) {
		return a.trail.Audit.Scan(r, nil, after, limit, true)
	})
	return p.Items, p.Next, err
}

// OfUser is List for the events that concern one user.
func (a Audit) OfUser(ctx context.Context, user storage.ID, after []byte, limit int) ([]*Event, []byte, error) {
	p, err := table.View(ctx, a.trail.DB, func(r kv.Reader) (table.Page[Event], error) {
		return a.trail.Audit.ScanIndex(r, 0, table.Key{}.ID(user), after, limit, true)
	})
	return p.Items, p.Next, err
}
