package clientauth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"latchkey/keys"
	"latchkey/op/oauth"
	"latchkey/storage/apps"
)

// checkImported compares what was sent with the secrets of which only another
// system's hash is known. That is a slow hash for each of these secrets, in each of
// the forms it was sent in: a few, behind the gate that passwords wait at, and none
// for a secret that can only be one of ours. One that turns out to be guessable is taken
// only if the import allowed that. Whoever shows such a secret first has it
// kept as ours are, by one commit, and from then on it costs nothing.
func (auth *Authenticator) checkImported(ctx context.Context, c *apps.Client, sent credentials,
	easy bool) *oauth.Error {
	secrets := slices.DeleteFunc(slices.Clone(sent.secrets), func(s string) bool {
		return len(s) < apps.SecretLeast || len(s) > apps.SecretMost || keys.IsClientSecret(s)
	})
	for _, have := range c.LiveSecrets(auth.Now()) {
		for _, secret := range secrets {
			if len(have.Imported) == 0 {
				continue
			}
			ok, err := auth.Hasher.VerifySecret(ctx, c.ID, have.Imported, secret)
			if err == nil && ok && easy && !have.MayBeGuessable(auth.Now()) {
				return auth.wrongSecret(ctx, sent,
					"the secret is the imported one, and could be guessed: give the client a new one")
			}
			if err == nil && ok {
				ok, err = auth.Clients.UpgradeSecret(ctx, c.ID, have.ID, auth.Keys.HashClientSecret(secret),
					secret[len(secret)-4:], easy)
			}
			switch {
			case errors.Is(err, keys.ErrBusy):
				return busy(err)
			case err != nil:
				return oauth.Failed(err)
			case ok:
				return nil
			}
		}
	}
	return auth.wrongSecret(ctx, sent, "wrong client secret")
}

// busyRetry is how soon to try again when too much is being hashed.
const busyRetry = 5 * time.Second

// busy says that the same request may succeed in a moment. The token endpoint has no
// error code for that; the one of the authorization endpoint says it (RFC 6749
// section 4.1.2.1).
func busy(err error) *oauth.Error {
	return &oauth.Error{Status: http.StatusServiceUnavailable, Code: "temporarily_unavailable",
		Text: "too much is being checked at once: try again in a moment", Retry: busyRetry, Cause: err}
}

// Hasher checks client secrets of which another system's hash was imported; keys.Hasher
// does.
type Hasher interface {
	// VerifySecret returns keys.ErrBusy if it has too much to do.
	VerifySecret(ctx context.Context, client string, sealed []byte, secret string) (bool, error)
}
