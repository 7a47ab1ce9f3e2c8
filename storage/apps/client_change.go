package apps

import (
	"context"
	"reflect"
	"slices"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

func clientChanges(before, after *Client) []audit.FieldChange {
	was, is := *before, *after // what either predates is no change
	was.fill()
	is.fill()
	return audit.Compare(was.leaves(), is.leaves(),
		func(field string) bool { return field != "contacts" && field != "jwks" })
}

// leaves leaves out what has acts of its own: state and secrets.
func (c *Client) leaves() []audit.Leaf {
	m := reflect.ValueOf(&c.Metadata).Elem()
	all := slices.DeleteFunc(audit.AppendLeaves(nil, "", m), func(l audit.Leaf) bool { return l.Name == "-" })
	return append(all, audit.LeafOf("scope", m.FieldByName("Scopes")),
		audit.LeafOf("allowed_groups", m.FieldByName("AllowedGroups")),
		audit.LeafOf("first_party", reflect.ValueOf(&c.FirstParty).Elem()))
}

// alterClient is the one way a client is changed: permission, change, audit. What change
// returns besides an error is the audit event's detail.
func (s Clients) alterClient(ctx context.Context, by storage.Actor, id string, act audit.Act,
	change func(kv.Txn, *Client, time.Time) (string, error)) (*Client, error) {
	if err := by.MayManage(); err != nil {
		return nil, err
	}
	note, now := s.apps.Trail.Note(by, act), s.apps.DB.Instant()
	return table.Update(ctx, s.apps.DB, func(tx kv.Txn) (*Client, error) {
		c, err := storage.Found(s.apps.Clients.Get(tx, table.Key{}.Str(id)))
		if err != nil {
			return nil, err
		}
		before := *c
		detail, err := change(tx, c, now)
		if err != nil {
			return nil, err
		}
		c.Revision++
		c.Updated = now
		if err := s.apps.Clients.Put(tx, c); err != nil {
			return nil, err
		}
		return c, s.apps.Trail.Audit.Put(tx, note.About(storage.ID{}, c.ID, detail).With(clientChanges(&before, c)))
	})
}

// Change replaces a client's metadata. Revision must be the one that was read,
// else ErrStale; 0 skips that check. One that no longer authenticates by a secret
// loses its secrets, one that begins to has none until AddSecret. Other keys or
// another method end nothing that was given before. Errors besides: ErrForbidden,
// ErrNotFound, *Invalid.
func (s Clients) Change(ctx context.Context, by storage.Actor, id string, revision uint64, m Metadata) (*Client,
	error) {
	return s.alterClient(ctx, by, id, audit.ActClientChanged, func(tx kv.Txn, c *Client, _ time.Time) (string, error) {
		if revision != 0 && revision != c.Revision {
			return "", storage.ErrStale
		}
		c.Metadata = m
		c.fill()
		if !c.Metadata.UsesSecret() {
			c.Secrets = nil
		}
		return c.Name(), s.apps.checkClient(tx, c)
	})
}

// SetState moves a client between states. Leaving approved is in force at the very
// next call, and what it was given stays dead when it comes back. The rules about
// metadata are applied to one that becomes approved only: whatever they have
// become, a client can be suspended.
func (s Clients) SetState(ctx context.Context, by storage.Actor, id string, to ClientState) (*Client, error) {
	if err := to.validate(); err != nil {
		return nil, err
	}
	return s.alterClient(ctx, by, id, audit.ActClientState, func(tx kv.Txn, c *Client, _ time.Time) (string, error) {
		detail := string(c.State) + " to " + string(to)
		c.setState(to)
		if !c.Live() {
			return detail, nil
		}
		return detail, s.apps.checkClient(tx, c)
	})
}

// setState moves a client to another state. What it was given while it was approved is
// dead once it leaves.
func (c *Client) setState(to ClientState) {
	if c.Live() && to != ClientApproved {
		c.Epoch++
	}
	c.State = to
}

// AddSecret gives a client a new secret. The others stay valid for overlap, at
// most; zero ends them at once. Errors: ErrForbidden, ErrNotFound, *Invalid.
func (s Clients) AddSecret(ctx context.Context, by storage.Actor, id string, hash []byte, last4 string,
	overlap time.Duration) (*Client, error) {
	if len(hash) == 0 {
		return nil, storage.Invalidf("client_secret", "must not be empty")
	}
	fresh := s.apps.DB.NewID()
	return s.alterClient(ctx, by, id, audit.ActSecretRotated, func(_ kv.Txn, c *Client, now time.Time) (string, error) {
		if !c.Metadata.UsesSecret() {
			return "", storage.Invalidf("token_endpoint_auth_method", "is %s: %s",
				c.Metadata.TokenEndpointAuthMethod, noSecret[c.Confidential()])
		}
		var err error
		c.Secrets, err = withSecret(c.Secrets, Secret{ID: fresh, Hash: hash, Last4: last4, Created: now}, overlap)
		return last4, err
	})
}

// Delete removes a client. Its grants and consents are dead at once, and swept
// later. Errors: ErrForbidden, ErrNotFound.
func (s Clients) Delete(ctx context.Context, by storage.Actor, id string) error {
	if err := by.MayManage(); err != nil {
		return err
	}
	note := s.apps.Trail.Note(by, audit.ActClientDeleted)
	_, err := table.Update(ctx, s.apps.DB, func(tx kv.Txn) (struct{}, error) {
		c, err := storage.Found(s.apps.Clients.Get(tx, table.Key{}.Str(id)))
		if err != nil {
			return struct{}{}, err
		}
		if err := s.apps.Clients.Delete(tx, table.Key{}.Str(id)); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.apps.Trail.Audit.Put(tx, note.About(storage.ID{}, id, c.Name()))
	})
	return err
}
