package main

import (
	"context"

	"latchkey/keys"
)

// keyPolicy is the settings as keys take them.
func (h *opened) keyPolicy(ctx context.Context) (keys.Policy, error) {
	set, err := h.store.Settings.Get(ctx)
	if err != nil {
		return keys.Policy{}, err
	}
	return keys.PolicyOf(set), nil
}
