package config

import (
	"slices"
	"testing"

	"latchkey/storage/policy"
)

func TestConfigurationPinsWhatItSaysAboutKeysAndNoMore(t *testing.T) {
	set := policy.DefaultSettings()
	mustLoad(t, "").PinKeys(&set)
	if !slices.Equal(set.SigningAlgorithms, []string{"RS256", "ES256"}) || set.DefaultSigningAlgorithm != "RS256" ||
		*set.KeyRotation != 90*86400 {
		t.Errorf("without a word: %q, %d", set.SigningAlgorithms, *set.KeyRotation)
	}
	mustLoad(t, "", "LATCHKEY_SIGNING_ALGORITHMS=EdDSA,RS256,EdDSA", "LATCHKEY_DEFAULT_SIGNING_ALGORITHM=EdDSA",
		"LATCHKEY_KEY_ROTATION=0").PinKeys(&set)
	if !slices.Equal(set.SigningAlgorithms, []string{"RS256", "EdDSA"}) || set.DefaultSigningAlgorithm != "EdDSA" ||
		*set.KeyRotation != 0 {
		t.Errorf("pinned: %q, %d", set.SigningAlgorithms, *set.KeyRotation)
	}
}

func TestKeyRotationIsAnIntervalThatMakesSense(t *testing.T) {
	for text, good := range map[string]bool{"": true, "0": true, "0d": true, "7d": true, "2160h": true, "3650d": true,
		"6d": false, "3651d": false, "-1d": false, "90": false, "soon": false} {
		if fault := rotationFault(text); (fault == "") != good {
			t.Errorf("%q: %q", text, fault)
		}
	}
}
