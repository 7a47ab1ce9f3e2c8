package store_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/bolt"
	"latchkey/storage/grants"
	"latchkey/storage/kv"
	"latchkey/storage/people"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

// sizeHouse is a store on a file that holds many grants.
type sizeHouse struct {
	store       *store.Store
	client      *apps.Client
	users       []sizeUser
	grants      []storage.ID
	generations []uint32 // of the grants
}

// sizeUser is a user with what their grants rest on.
type sizeUser struct{ user, session, consent storage.ID }

// Each user has that many grants.
const sizeEach = 10

var sizeScopes = []string{"openid", "profile", "email", apps.ScopeOfflineAccess}

// newSizeHouse fills a file with n grants, written as they are when traffic makes them.
func newSizeHouse(b *testing.B, n int) *sizeHouse {
	b.Helper()
	engine := table.Must(bolt.Open(filepath.Join(b.TempDir(), "data"), bolt.Options{}))
	b.Cleanup(func() { engine.Close() })
	h := &sizeHouse{store: table.Must(store.Open(context.Background(), engine, store.Options{}))}
	m := storetest.WebMetadata()
	m.Scopes, m.GrantTypes = sizeScopes, []string{apps.GrantTypeCode, apps.GrantTypeRefresh}
	h.client = table.Must(h.store.Clients.Create(context.Background(), storage.Operator,
		apps.NewClient{ID: "web", Metadata: m, Secret: []byte("hash")}))
	for n = max(n, sizeEach*sizeCallers); len(h.grants) < n; {
		h.fill(min(n-len(h.grants), 1000))
	}
	h.generations = make([]uint32, len(h.grants))
	table.Must(h.store.Scopes.Catalogue(context.Background())) // as a provider does when it starts
	return h
}

// fill adds n grants and their users in one transaction.
func (h *sizeHouse) fill(n int) {
	s, now := h.store.Floors, h.store.Floors.DB.Instant()
	users, ids := make([]sizeUser, (n+sizeEach-1)/sizeEach), make([]storage.ID, n)
	for i := range users {
		users[i] = sizeUser{s.DB.NewID(), s.DB.NewID(), s.DB.NewID()}
	}
	for i := range ids {
		ids[i] = s.DB.NewID()
	}
	table.Must(table.Update(context.Background(), s.DB, func(tx kv.Txn) (struct{}, error) {
		for i, u := range users {
			table.Must(0, s.People.Users.Put(tx,
				&people.User{ID: u.user, Username: fmt.Sprintf("user-%d", len(h.users)+i), Created: now, Updated: now}))
			table.Must(0, s.People.Sessions.Put(tx,
				&people.Session{ID: u.session, User: u.user, AuthTime: now, AMR: []string{"pwd"}, Created: now,
					Seen: now}))
			table.Must(0, s.Grants.Consents.Put(tx,
				&grants.Consent{ID: u.consent, User: u.user, Client: h.client.UID, ClientID: h.client.ID,
					Scopes: sizeScopes, Created: now, Updated: now}))
		}
		for i, id := range ids {
			g := h.newGrant(id, users[i%len(users)])
			g.Client, g.ClientEpoch, g.AuthTime = h.client.UID, h.client.Epoch, now
			g.Offline, g.RefreshSecret, g.RefreshKey = true, make([]byte, 16), 1
			g.Date(s.Policy.Unset.Lifetimes, now)
			table.Must(0, s.Grants.Grants.Put(tx, &g))
			table.Must(0, s.Grants.GrantStates.Put(tx, &grants.GrantState{Grant: id, Redeemed: now}))
		}
		return struct{}{}, nil
	}))
	h.users, h.grants = append(h.users, users...), append(h.grants, ids...)
}

// newGrant is a grant as an authorization hands it in. It dies with its session, so
// that no list of a user's offline grants grows while codes are measured.
func (h *sizeHouse) newGrant(id storage.ID, u sizeUser) grants.Grant {
	return grants.Grant{ID: id, User: u.user, ClientID: h.client.ID, Consent: u.consent, Session: u.session,
		Scopes: sizeScopes,
		Nonce:  strings.Repeat("n", 22), RedirectURI: h.client.Metadata.RedirectURIs[0],
		CodeChallenge: strings.Repeat("c", 43), CodeHash: bytes.Repeat([]byte{7}, 32)}
}

// rests are the keys of what every use of a grant of u's reads besides the grant.
func (h *sizeHouse) rests(u sizeUser) [][]byte {
	s := h.store.Floors
	return [][]byte{s.People.Users.FullKey(table.Key{}.ID(u.user)),
		s.Apps.Clients.FullKey(table.Key{}.Str(h.client.ID)),
		s.Grants.Consents.FullKey(grants.ConsentKey(u.user, h.client.UID)),
		s.Policy.Settings.FullKey(nil), s.Apps.Edition.FullKey(nil)}
}

// owe is an update that reads, and writes a grant's state as it is, and its facts if
// there are any.
func (h *sizeHouse) owe(reads [][]byte, id storage.ID, facts []byte) error {
	s := h.store.Floors
	grant, state := s.Grants.Grants.FullKey(table.Key{}.ID(id)), s.Grants.GrantStates.FullKey(table.Key{}.ID(id))
	fresh := table.Must(table.Encode(&grants.GrantState{Redeemed: s.DB.Instant()}))
	_, err := table.Update(context.Background(), s.DB, func(tx kv.Txn) (struct{}, error) {
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
