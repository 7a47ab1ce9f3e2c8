package storage_test

import (
	"testing"

	"latchkey/storage"
)

func TestAnImportedChangeOfAClientIsToldToTheAuditTrailAndMissesNoOtherChange(t *testing.T) {
	s, _ := importStore(t)
	n := storage.ClientImport{NewClient: storage.NewClient{ID: "a", Secret: []byte("hash"),
		Metadata: storage.Metadata{ClientName: "A", RedirectURIs: []string{"https://a.example/cb"}}}}
	run := func(n storage.ClientImport) storage.ClientImported {
		t.Helper()
		done, err := s.Clients.Import(t.Context(), storage.Operator, false, []storage.ClientImport{n})
		if err != nil {
			t.Fatal(err)
		}
		return done[0]
	}
	made := run(n)
	n.Revision, n.Metadata.ClientName, n.State, n.Secret = made.Client.Revision, "A2", storage.ClientSuspended, []byte("another")
	if done := run(n); done.Outcome != storage.Changed || done.Client.Epoch != made.Client.Epoch+1 || done.Client.Revision != n.Revision+1 {
		t.Errorf("%+v", done)
	}
	if done := run(n); done.Outcome != storage.Refused || done.Err != storage.ErrStale {
		t.Errorf("from a client that has changed since: %+v", done)
	}
	events, _, err := s.Audit.List(t.Context(), nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[storage.Act]string{}
	for _, e := range events {
		seen[e.Act] = e.Detail
	}
	if len(events) != 4 || seen[storage.ActClientChanged] != "A2" || seen[storage.ActClientState] != "approved to suspended" {
		t.Errorf("%+v", seen)
	}
	if _, told := seen[storage.ActSecretRotated]; !told {
		t.Error("the new secret is not in the trail")
	}
}
