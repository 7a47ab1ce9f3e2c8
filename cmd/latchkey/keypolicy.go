package main

import (
	"context"
	"slices"

	"latchkey/keys"
	"latchkey/storage"
)

// pinKeys lays what the configuration says about keys over the settings.
func (c *Config) pinKeys(s *storage.Settings) {
	if len(c.SigningAlgorithms) > 0 {
		s.SigningAlgorithms = withRS256(c.SigningAlgorithms)
	}
}

// withRS256 puts RS256 in front, which is on whether or not it is named, and takes
// out what is named twice.
func withRS256(names []string) []string {
	all := []string{storage.AlgorithmRS256}
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// keyPolicy is the settings as keys take them.
func (h *house) keyPolicy(ctx context.Context) (keys.Policy, error) {
	set, err := h.store.Settings.Get(ctx)
	return keys.PolicyOf(set), err
}
