package apps_test

import (
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/audit"
	"latchkey/storage/policy"
	"latchkey/storage/store"
	"latchkey/storage/store/storetest"
	"latchkey/storage/table"
)

func TestAnImportedChangeOfAClientIsToldToTheAuditTrailAndMissesNoOtherChange(t *testing.T) {
	s, _ := storetest.NewStore(t)
	n := apps.ClientImport{NewClient: apps.NewClient{ID: "a", Secret: []byte("hash"),
		Metadata: apps.Metadata{ClientName: "A", RedirectURIs: []string{"https://a.example/cb"}}}}
	run := func(n apps.ClientImport) apps.ClientImported {
		t.Helper()
		done, err := s.Clients.Import(t.Context(), storage.Operator, false, []apps.ClientImport{n})
		if err != nil {
			t.Fatal(err)
		}
		return done[0]
	}
	made := run(n)
	n.Revision, n.Metadata.ClientName, n.State, n.Secret = made.Client.Revision, "A2", apps.ClientSuspended,
		[]byte("another")
	if done := run(n); done.Outcome != table.Changed || done.Client.Epoch != made.Client.Epoch+1 ||
		done.Client.Revision != n.Revision+1 {
		t.Errorf("%+v", done)
	}
	if done := run(n); done.Outcome != table.Refused || done.Err != storage.ErrStale {
		t.Errorf("from a client that has changed since: %+v", done)
	}
	events, _, err := s.Audit.List(t.Context(), nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[audit.Act]string{}
	for _, e := range events {
		seen[e.Act] = e.Detail
	}
	if len(events) != 4 || seen[audit.ActClientChanged] != "A2" ||
		seen[audit.ActClientState] != "approved to suspended" {
		t.Errorf("%+v", seen)
	}
	if _, told := seen[audit.ActSecretRotated]; !told {
		t.Error("the new secret is not in the trail")
	}
}

// A token names its client where others name an API or the provider: one must not pass for
// the other. Nor may a client's id be the name of a directory in an address.
func TestAnImportedIDIsAnyThatRFC6749AllowsAndNobodyElses(t *testing.T) {
	h := importedIDs{t: t}
	h.s, _ = storetest.NewStore(t)
	api := apps.NewResource{Identifier: "https://api.example", Name: "API", Secret: []byte("hash"),
		Scopes: []apps.ResourceScope{{Name: "api:read", Words: "read"}}}
	if _, err := h.s.Resources.Create(t.Context(), storage.Operator, policy.Once{}, api); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{
		"https://app.example": true, "a:b": true, "my app": true, "a/../b": true, "...": true, "%2E": true,
		`"'<>&`: true, "~": true,
		"": false, ".": false, "..": false, " a": false, "a ": false, "a\nb": false, "é": false, "a\x7f": false,
		"https://api.example": false, "https://api.example/": false, storetest.Issuer: false,
		storetest.Issuer + "/": false,
	} {
		if got := h.taken(id); got != want && id != "" {
			t.Errorf("%q is taken: %v", id, got)
		}
		_, err := h.s.Clients.Create(t.Context(), storage.Operator, h.client(id+"x"))
		if plain := id == "..." || id == "~" || id == "." || id == ".." || id == ""; (err == nil) != plain {
			t.Errorf("%q is made here: %v", id+"x", err)
		}
	}
	for _, identifier := range []string{"https://app.example", "https://app.example/", "a:b"} {
		api.Identifier, api.Scopes[0].Name = identifier, "other:read"
		if _, err := h.s.Resources.Create(t.Context(), storage.Operator, policy.Once{}, api); err == nil {
			t.Errorf("an API is called %q, as an app is", identifier)
		}
	}
}

type importedIDs struct {
	t *testing.T
	s *store.Store
}

func (h importedIDs) client(id string) apps.NewClient {
	return apps.NewClient{ID: id, Secret: []byte("hash"),
		Metadata: apps.Metadata{ClientName: "A", RedirectURIs: []string{"https://a.example/cb"}}}
}

func (h importedIDs) taken(id string) bool {
	h.t.Helper()
	done, err := h.s.Clients.Import(h.t.Context(), storage.Operator, false,
		[]apps.ClientImport{{NewClient: h.client(id)}})
	if err != nil {
		h.t.Fatal(err)
	}
	return done[0].Outcome == table.Created
}
