package op

import (
	"context"
	"net/http"
	"slices"
	"time"

	"latchkey/internal/edge"
	"latchkey/internal/limit"
	"latchkey/keys"
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
const wrongMost = 1 << 16

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
func (auth *clientAuth) secretWait(all []allowance) (wait time.Duration) {
	now := auth.now()
	for _, c := range all {
		auth.wrong.With(c.key, func(s *limit.Spent) { wait = max(wait, c.rate.Wait(*s, now)) })
	}
	return wait
}

// wrongSecret counts an attempt that failed, and is the answer to it, which is the same
// for clients that there are not. why is for the log.
func (auth *clientAuth) wrongSecret(ctx context.Context, sent credentials, why string) *apiError {
	if len(sent.secrets) == 0 {
		return notAuthenticated(why)
	}
	all := countedBy(ctx, sent.id, guessable(sent))
	if wait := auth.secretWait(all); wait > 0 {
		return tooManyWrong(wait)
	}
	now := auth.now()
	for _, c := range all {
		auth.wrong.With(c.key, func(s *limit.Spent) { c.rate.Add(s, now) })
	}
	return notAuthenticated(why)
}

// guessable reports whether what was sent could be guessed, in any of the forms it may
// have been sent in. Longer ones are no client's.
func guessable(sent credentials) bool {
	return slices.ContainsFunc(sent.secrets, func(s string) bool {
		return len(s) <= apps.SecretMost && keys.GuessableSecret(s, sent.id)
	})
}

func tooManyWrong(wait time.Duration) *apiError {
	return &apiError{status: http.StatusTooManyRequests, code: "temporarily_unavailable",
		text: "too many wrong client secrets came from this network, or for this client: try again later", retry: wait}
}
