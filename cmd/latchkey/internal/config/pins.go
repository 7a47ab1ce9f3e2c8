package config

import (
	"slices"
	"time"

	"latchkey/cmd/latchkey/internal/textutil"
	"latchkey/storage/policy"
)

func (c *Config) PinKeys(s *policy.Settings) {
	if len(c.SigningAlgorithms) > 0 {
		s.SigningAlgorithms = withRS256(c.SigningAlgorithms)
	}
	if c.DefaultAlgorithm != "" {
		s.DefaultSigningAlgorithm = c.DefaultAlgorithm
	}
	if n, err := rotationSeconds(c.KeyRotation); c.KeyRotation != "" && err == nil { // checked by Validate
		s.KeyRotation = new(uint32(n))
	}
}

// rotationSeconds reads key_rotation.
func rotationSeconds(text string) (int64, error) {
	var d textutil.Days
	err := d.Set(text)
	return int64(time.Duration(d) / time.Second), err
}

// withRS256 puts RS256 in front, which is on whether or not it is named, and takes
// out what is named twice.
func withRS256(names []string) []string {
	all := []string{policy.AlgorithmRS256}
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}
