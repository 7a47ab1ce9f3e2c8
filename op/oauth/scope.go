package oauth

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"latchkey/internal/edge"
	"latchkey/storage/apps"
)

func IsOIDC(scopes []string) bool { return slices.Contains(scopes, apps.ScopeOpenID) }

// NoteDropped puts the scopes that were asked for and are left out on the log record. One
// that is not known is not repeated: it might be a secret in the wrong place.
func NoteDropped(ctx context.Context, dropped []string, known func(string) bool) {
	if len(dropped) == 0 {
		return
	}
	names := slices.Clone(dropped)
	for i, s := range names {
		switch {
		case NearOpenID(s):
			edge.Note(ctx, slog.String("hint", "the scope is spelled openid: without it there is no ID token"))
		case !known(s):
			names[i] = "…"
		}
	}
	edge.Note(ctx, slog.String("dropped_scopes", strings.Join(names, " ")))
}

// NearOpenID reports whether a scope is openid in another spelling.
func NearOpenID(scope string) bool {
	return scope != apps.ScopeOpenID && strings.NewReplacer("_", "", "-", "", ".",
		"").Replace(strings.ToLower(scope)) == apps.ScopeOpenID
}
