package op

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// tokens makes access tokens, refresh tokens and ID tokens, and opens them.
type tokens struct {
	issuer string
	grants grants.Grants
	keys   *keys.Ring
	claims *scopeClaims
	now    func() time.Time
}

// accessToken is what an opaque access token holds: references, an expiry, and
// which of the granted scopes it is for. What it opens is decided at each use.
type accessToken struct {
	grant   storage.ID // zero: the client's own
	client  string     // client_id, for a token of the client's own
	epoch   uint32     // the client's, likewise
	own     []string   // scopes, likewise
	expires time.Time  // whole seconds
	scopes  uint64     // of the grant's scopes, those it is for: bit i for scope i; all if fullMask
}

// The first byte of a payload says what it is. A number is never reused.
const (
	tokenOfGrant    = 1 // grant, expiry
	tokenOfClient   = 2 // epoch, expiry, client_id and scopes, separated by spaces
	tokenOfNarrowed = 3 // grant, expiry, scopes
)

const fullMask = ^uint64(0)

func (t accessToken) bytes() []byte {
	expires := uint64(t.expires.Unix())
	switch {
	case t.grant.IsZero():
		b := binary.BigEndian.AppendUint32([]byte{tokenOfClient}, t.epoch)
		b = binary.BigEndian.AppendUint64(b, expires)
		return append(b, strings.Join(append([]string{t.client}, t.own...), " ")...)
	case t.scopes == fullMask:
		return binary.BigEndian.AppendUint64(append([]byte{tokenOfGrant}, t.grant[:]...), expires)
	default:
		b := binary.BigEndian.AppendUint64(append([]byte{tokenOfNarrowed}, t.grant[:]...), expires)
		return binary.BigEndian.AppendUint64(b, t.scopes)
	}
}

var (
	errAccessToken = errors.New("not an access token of ours")
	errIDToken     = fmt.Errorf("%w: an ID token", errAccessToken)
	errOwnToken    = fmt.Errorf("%w for a user: it is a client's own", errAccessToken)
)

func parseAccessToken(b []byte) (accessToken, error) {
	instant := func(b []byte) time.Time { return time.Unix(int64(binary.BigEndian.Uint64(b)), 0) }
	switch {
	case len(b) == 25 && b[0] == tokenOfGrant:
		return accessToken{grant: storage.ID(b[1:17]), expires: instant(b[17:]), scopes: fullMask}, nil
	case len(b) == 33 && b[0] == tokenOfNarrowed:
		return accessToken{grant: storage.ID(b[1:17]), expires: instant(b[17:]), scopes: binary.BigEndian.Uint64(b[25:])}, nil
	case len(b) > 13 && b[0] == tokenOfClient:
		words := strings.Fields(string(b[13:]))
		if len(words) == 0 {
			return accessToken{}, errAccessToken
		}
		return accessToken{epoch: binary.BigEndian.Uint32(b[1:]), expires: instant(b[5:]), client: words[0], own: words[1:]}, nil
	}
	return accessToken{}, errAccessToken
}

// scopesMost is how many scopes a grant has at most: as many as a mask has bits.
const scopesMost = 64

// scopeMask says which of a grant's scopes are kept.
func scopeMask(granted, kept []string) uint64 {
	mask, all := uint64(0), true
	for i, s := range granted {
		if slices.Contains(kept, s) && i < 64 {
			mask |= 1 << i
		} else {
			all = false
		}
	}
	if all {
		return fullMask
	}
	return mask
}

// of are the scopes, of the grant's, that the token was made for.
func (t accessToken) of(granted []string) (made []string) {
	for i, s := range granted {
		if t.scopes == fullMask || i < 64 && t.scopes&(1<<i) != 0 {
			made = append(made, s)
		}
	}
	return made
}

// narrow leaves of an access what the token is for.
func (t accessToken) narrow(a *grants.Access) {
	if t.scopes == fullMask {
		return
	}
	made := t.of(a.Grant.Scopes)
	a.Narrow(func(scope string) bool { return slices.Contains(made, scope) })
}

// tokenIDBytes is how much of an access token's id is kept when it is revoked.
const tokenIDBytes = 16

// openToken reads an access token, opaque or JWT, and returns it with its id, with
// DeadExpired too. What it opens now is not checked.
func (s *tokens) openToken(token string) (accessToken, []byte, error) {
	payload, id, err := s.openSealed(token)
	if err != nil {
		if _, _, err := s.keys.Verify(keys.TypeJWT, token); err == nil {
			return accessToken{}, nil, errIDToken
		}
		return accessToken{}, nil, errAccessToken
	}
	t, err := parseAccessToken(payload)
	if err == nil && !s.now().Before(t.expires) {
		err = apps.DeadExpired
	}
	return t, id[:tokenIDBytes], err
}

// access returns what a user's access token gives now. A token of a client's own is
// refused: it stands for nobody.
func (s *tokens) access(ctx context.Context, token string) (*grants.Access, error) {
	t, id, err := s.openToken(token)
	var a *grants.Access
	switch {
	case err == nil && t.grant.IsZero():
		err = errOwnToken
	case err == nil:
		a, err = s.opens(ctx, t, id)
	}
	if dead := apps.Dead(""); errors.As(err, &dead) && !t.grant.IsZero() {
		s.tellOf(ctx, t.grant, string(dead))
	}
	return a, err
}

// opens is what a token of a grant, with its id, gives now.
func (s *tokens) opens(ctx context.Context, t accessToken, id []byte) (*grants.Access, error) {
	a, err := s.grants.Access(ctx, t.grant, id)
	if err != nil {
		return nil, err
	}
	if t.narrow(a); len(a.Scopes) == 0 {
		return nil, apps.DeadScopes
	}
	return a, nil
}

// isRefusal tells what is wrong with a token from what is wrong with us.
func isRefusal(err error) bool {
	var dead apps.Dead
	return errors.As(err, &dead) || errors.Is(err, errAccessToken) || errors.Is(err, keys.ErrToken) || errors.Is(err, storage.ErrNotFound)
}
