//go:build unix

package storage

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/storage/bolt"
	"latchkey/storage/kv"
)

// sizeHouse is a store on a file that holds many grants.
type sizeHouse struct {
	store       *Store
	client      *Client
	users       []sizeUser
	grants      []ID
	generations []uint32 // of the grants
}

// sizeUser is a user with what their grants rest on.
type sizeUser struct{ user, session, consent ID }

// Each user has that many grants.
const sizeEach = 10

var sizeScopes = []string{"openid", "profile", "email", ScopeOfflineAccess}

// newSizeHouse fills a file with n grants, written as they are when traffic makes them.
func newSizeHouse(b *testing.B, n int) *sizeHouse {
	b.Helper()
	engine := must(bolt.Open(filepath.Join(b.TempDir(), "data"), bolt.Options{}))
	b.Cleanup(func() { engine.Close() })
	h := &sizeHouse{store: must(Open(context.Background(), engine, Options{}))}
	m := webMetadata()
	m.Scopes, m.GrantTypes = sizeScopes, []string{GrantTypeCode, GrantTypeRefresh}
	h.client = must(h.store.Clients.Create(context.Background(), Operator, NewClient{ID: "web", Metadata: m, Secret: []byte("hash")}))
	for n = max(n, sizeEach*sizeCallers); len(h.grants) < n; {
		h.fill(min(n-len(h.grants), 1000))
	}
	h.generations = make([]uint32, len(h.grants))
	must(h.store.Scopes.Catalogue(context.Background())) // as a provider does when it starts
	return h
}

// fill adds n grants and their users in one transaction.
func (h *sizeHouse) fill(n int) {
	s, now := h.store.base, h.store.base.instant()
	users, ids := make([]sizeUser, (n+sizeEach-1)/sizeEach), make([]ID, n)
	for i := range users {
		users[i] = sizeUser{s.newID(), s.newID(), s.newID()}
	}
	for i := range ids {
		ids[i] = s.newID()
	}
	must(update(context.Background(), s, func(tx kv.Txn) (struct{}, error) {
		for i, u := range users {
			must(0, s.users.put(tx, &User{ID: u.user, Username: fmt.Sprintf("user-%d", len(h.users)+i), Created: now, Updated: now}))
			must(0, s.sessions.put(tx, &Session{ID: u.session, User: u.user, AuthTime: now, AMR: []string{"pwd"}, Created: now, Seen: now}))
			must(0, s.consents.put(tx, &Consent{ID: u.consent, User: u.user, Client: h.client.UID, ClientID: h.client.ID, Scopes: sizeScopes, Created: now, Updated: now}))
		}
		for i, id := range ids {
			g := h.newGrant(id, users[i%len(users)])
			g.Client, g.ClientEpoch, g.AuthTime = h.client.UID, h.client.Epoch, now
			g.Offline, g.RefreshSecret, g.RefreshKey = true, make([]byte, 16), 1
			g.date(s.unset.Lifetimes, now)
			must(0, s.grants.put(tx, &g))
			must(0, s.grantStates.put(tx, &GrantState{Grant: id, Redeemed: now}))
		}
		return struct{}{}, nil
	}))
	h.users, h.grants = append(h.users, users...), append(h.grants, ids...)
}

// newGrant is a grant as an authorization hands it in. It dies with its session, so
// that no list of a user's offline grants grows while codes are measured.
func (h *sizeHouse) newGrant(id ID, u sizeUser) Grant {
	return Grant{ID: id, User: u.user, ClientID: h.client.ID, Consent: u.consent, Session: u.session, Scopes: sizeScopes,
		Nonce: strings.Repeat("n", 22), RedirectURI: h.client.Metadata.RedirectURIs[0],
		CodeChallenge: strings.Repeat("c", 43), CodeHash: bytes.Repeat([]byte{7}, 32)}
}

// rests are the keys of what every use of a grant of u's reads besides the grant.
func (h *sizeHouse) rests(u sizeUser) [][]byte {
	s := h.store.base
	return [][]byte{s.users.full(key{}.id(u.user)), s.clients.full(key{}.str(h.client.ID)), s.consents.full(consentKey(u.user, h.client.UID)),
		s.settings.full(nil), s.edition.full(nil)}
}

// owe is an update that reads, and writes a grant's state as it is, and its facts if
// there are any.
func (h *sizeHouse) owe(reads [][]byte, id ID, facts []byte) error {
	s := h.store.base
	grant, state := s.grants.full(key{}.id(id)), s.grantStates.full(key{}.id(id))
	fresh := must(encode(&GrantState{Redeemed: s.instant()}))
	_, err := update(context.Background(), s, func(tx kv.Txn) (struct{}, error) {
		for _, k := range append(reads, grant) {
			if _, _, err := tx.Get(k); err != nil {
				return struct{}{}, err
			}
		}
		have, ok, err := tx.Get(state)
		if err != nil {
			return struct{}{}, err
		}
		if !ok {
			have = fresh
		}
		if facts != nil {
			if err := tx.Put(grant, facts); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, tx.Put(state, have)
	})
	return err
}
