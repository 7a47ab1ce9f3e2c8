package clientauth

import (
	"context"
	"errors"
	"testing"
	"time"

	"latchkey/storage"
	"latchkey/storage/apps"
)

// nobody answers.
type nobody struct{}

func (nobody) Get(context.Context, string, int64) ([]byte, error) {
	return nil, errors.New("nobody answers")
}

func TestOnlySoManyClientsKeysAreKept(t *testing.T) {
	now := time.Date(2026, 5, 4, 10, 20, 30, 0, time.UTC)
	k := NewClientKeys(nobody{}, func() time.Time { return now })
	client := func(i int) *apps.Client {
		return &apps.Client{UID: storage.ID{byte(i), byte(i >> 8), 1},
			Metadata: apps.Metadata{JWKSURI: "https://robot.example/jwks",
				JWKS: []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)}}
	}
	keep := func(i int) *remoteKeys {
		t.Helper()
		if _, err := k.ofRecord(client(i)); err != nil {
			t.Fatal(err)
		}
		r, err := k.at(client(i))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for i := range keysKeptMost {
		keep(i).tried.Store(now.UnixNano())
	}
	if _, err := k.at(client(keysKeptMost)); err == nil || len(k.remote) != keysKeptMost {
		t.Errorf("%v: an attempt of just now is forgotten", err)
	}
	now = now.Add(keysRefetch)
	keep(keysKeptMost)
	if len(k.remote) > keysKeptMost || len(k.inline) > keysKeptMost {
		t.Errorf("%d and %d are kept", len(k.remote), len(k.inline))
	}
}
