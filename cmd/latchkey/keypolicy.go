package main

import (
	"context"
	"slices"
	"time"

	"latchkey/keys"
	"latchkey/storage"
)

// pinKeys lays what the configuration says about keys over the settings.
func (c *Config) pinKeys(s *storage.Settings) {
	if len(c.SigningAlgorithms) > 0 {
		s.SigningAlgorithms = withRS256(c.SigningAlgorithms)
	}
	if n, err := rotationSeconds(c.KeyRotation); c.KeyRotation != "" && err == nil { // checked by Validate
		s.KeyRotation = new(uint32(n))
	}
}

// rotationSeconds reads key_rotation.
func rotationSeconds(text string) (int64, error) {
	var d days
	err := d.Set(text)
	return int64(time.Duration(d) / time.Second), err
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
