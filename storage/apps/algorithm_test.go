package apps_test

import (
	"errors"
	"strings"
	"testing"

	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/memory"
	"latchkey/storage/store"
)

func TestOnlyEnabledAlgorithmsCanBeRegistered(t *testing.T) {
	ctx := t.Context()
	store, err := store.Open(ctx, memory.New(memory.Options{}), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	register := func(alg string) error {
		_, err := store.Clients.Create(ctx, storage.Operator,
			apps.NewClient{Secret: []byte("hash"), Metadata: apps.Metadata{
				ClientName: "App", RedirectURIs: []string{"https://app.example/cb"}, IDTokenSignedResponseAlg: alg}})
		return err
	}
	var bad *storage.Invalid
	if err := register("EdDSA"); !errors.As(err, &bad) || bad.Field != "id_token_signed_response_alg" ||
		!strings.Contains(bad.Reason, "RS256, ES256") || !strings.Contains(bad.Reason, "signing_algorithms") {
		t.Errorf("not enabled: %v", err)
	}
	set, err := store.Settings.Get(ctx)
	if err != nil {
		t.Fatal(err)
	}
	set.SigningAlgorithms = []string{"RS256", "EdDSA"}
	if err := store.Settings.Set(ctx, storage.Operator, set); err != nil {
		t.Fatal(err)
	}
	for alg, want := range map[string]bool{"": true, "RS256": true, "EdDSA": true, "ES256": false, "HS256": false,
		"none": false} {
		if err := register(alg); (err == nil) != want || !want && !errors.As(err, &bad) {
			t.Errorf("%q: %v", alg, err)
		}
	}
}

func TestSigningAlgorithmsAreKnownOnceAndHoldRS256(t *testing.T) {
	store, err := store.Open(t.Context(), memory.New(memory.Options{}), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]string{{"ES256"}, {"RS256", "RS256"}, {"RS256", "HS256"}, {"RS256", "none"},
		{"RS256", ""}} {
		set, err := store.Settings.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		set.SigningAlgorithms = bad
		if invalid := new(storage.Invalid); !errors.As(store.Settings.Set(t.Context(), storage.Operator, set),
			&invalid) {
			t.Errorf("%q is taken", bad)
		}
	}
}
