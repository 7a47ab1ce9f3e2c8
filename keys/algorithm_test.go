package keys

import (
	"maps"
	"slices"
	"testing"

	"latchkey/storage/policy"
)

// What can be configured is what can be signed with.
func TestTheStoresAlgorithmsAreOurs(t *testing.T) {
	if got, want := slices.Sorted(slices.Values(policy.SigningAlgorithms())),
		slices.Sorted(maps.Keys(algorithms)); !slices.Equal(got, want) {
		t.Errorf("storage knows %q, keys %q", got, want)
	}
}

// The values are those of sha256sum, sha384sum and sha512sum, halved.
func TestHalfHashIsTheAlgorithmsOwn(t *testing.T) {
	for alg, want := range map[string]string{
		RS256: "ungWv48Bz-pBQUDeXa4iIw", PS256: "ungWv48Bz-pBQUDeXa4iIw", ES256: "ungWv48Bz-pBQUDeXa4iIw",
		ES384: "ywB1P0WjXou1oD1pmsZQBycsMqsO3tFj", EdDSA: "3a81oZNherrMQXNJriBBMRLm-k6JqX6iCp7u5ktV05o", "none": "",
	} {
		if got := HalfHash(alg, "abc"); got != want {
			t.Errorf("%s: %s, want %s", alg, got, want)
		}
	}
}
