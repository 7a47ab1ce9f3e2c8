package clientauth

import (
	"context"
	"net/http"
	"slices"
	"time"

	"latchkey/internal/edge"
	"latchkey/internal/limit"
	"latchkey/keys"
	"latchkey/op/oauth"
	"latchkey/storage/apps"
)

// Guessing at the secrets of clients and APIs. Only what is wrong counts, or could have
// been guessed: nobody finds out a secret that was made here, so that one never waits for
// what others send.
var (
	// wrongByNetwork is by the widest network of the caller's address.
	wrongByNetwork = limit.Rate{Burst: 100, Every: 10 * time.Second}
	// wrongByClient is of guessable secrets, from wherever they come.
	wrongByClient = limit.Rate{Burst: 10, Every: time.Minute}
)

// wrongMost is how many networks and clients are counted at once.
const MaxCounted = 1 << 16

// allowance is a rate that an attempt counts under.
type allowance struct {
	key  string
	rate limit.Rate
}

// countedBy is what an attempt at the secret of the client or API with that id counts
// under.
func countedBy(ctx context.Context, id string, guessable bool) (all []allowance) {
	if networks := limit.Prefixes(edge.ClientAddr(ctx)); len(networks) > 0 {
		all = append(all, allowance{"network " + networks[0].String(), wrongByNetwork})
	}
	if guessable {
		all = append(all, allowance{"client " + id, wrongByClient})
	}
	return all
}

// secretWait returns how long an attempt has to wait.
func (auth *Authenticator) secretWait(all []allowance) (wait time.Duration) {
	now := auth.Now()
	for _, c := range all {
		auth.Wrong.With(c.key, func(s *limit.Spent) { wait = max(wait, c.rate.Wait(*s, now)) })
	}
	return wait
}

// wrongSecret counts an attempt that failed, and is the answer to it, which is the same
// for clients that there are not. why is for the log.
func (auth *Authenticator) wrongSecret(ctx context.Context, sent credentials, why string) *oauth.Error {
	if len(sent.secrets) == 0 {
		return NotAuthenticated(why)
	}
	all := countedBy(ctx, sent.id, guessable(sent))
	if wait := auth.secretWait(all); wait > 0 {
		return tooManyWrong(wait)
	}
	now := auth.Now()
	for _, c := range all {
		auth.Wrong.With(c.key, func(s *limit.Spent) { c.rate.Add(s, now) })
	}
	return NotAuthenticated(why)
}

// guessable reports whether what was sent could be guessed, in any of the forms it may
// have been sent in. Longer ones are no client's.
func guessable(sent credentials) bool {
	return slices.ContainsFunc(sent.secrets, func(s string) bool {
		return len(s) <= apps.SecretMost && keys.GuessableSecret(s, sent.id)
	})
}

func tooManyWrong(wait time.Duration) *oauth.Error {
	return &oauth.Error{Status: http.StatusTooManyRequests, Code: "temporarily_unavailable",
		Text: "too many wrong client secrets came from this network, or for this client: try again later", Retry: wait}
}
