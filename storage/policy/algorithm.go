package policy

import (
	"slices"
	"strings"

	"latchkey/storage"
)

// AlgorithmRS256 is always enabled (OpenID Connect Discovery section 3), and what a
// client gets that asks for nothing else, unless the settings say otherwise.
const (
	AlgorithmRS256 = "RS256"
	AlgorithmES256 = "ES256"
)

// SigningAlgorithms returns those that this Latchkey can sign with, as RFC 7518
// section 3.1 and RFC 8037 section 3.1 name them. Settings enable some of them.
func SigningAlgorithms() []string {
	return []string{AlgorithmRS256, "PS256", AlgorithmES256, "ES384", "EdDSA"}
}

// validAlgorithms refuses algorithms that are not known, named twice, or without
// RS256.
func validAlgorithms(field string, names []string) error {
	for i, name := range names {
		if !slices.Contains(SigningAlgorithms(), name) {
			return storage.Invalidf(field, "must be among %s, not %q", strings.Join(SigningAlgorithms(), ", "), name)
		}
		if slices.Contains(names[:i], name) {
			return storage.Invalidf(field, "must not name %q twice", name)
		}
	}
	if !slices.Contains(names, AlgorithmRS256) {
		return storage.Invalidf(field, "must hold RS256, which every OpenID provider offers")
	}
	return nil
}
