package tokens

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/keys"
	"latchkey/op/userclaims"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/grants"
)

// Tokens makes access tokens, refresh tokens and ID tokens, and opens them.
type Tokens struct {
	Issuer string
	Grants grants.Grants
	Keys   *keys.Ring
	Claims *userclaims.Catalogue
	Now    func() time.Time
}

// AccessToken is what an opaque access token holds: references, an expiry, and
// which of the granted scopes it is for. What it opens is decided at each use.
type AccessToken struct {
	Grant   storage.ID // zero: the client's own
	Client  string     // client_id, for a token of the client's own
	Epoch   uint32     // the client's, likewise
	Own     []string   // scopes, likewise
	Expires time.Time  // whole seconds
	scopes  uint64     // of the grant's scopes, those it is for: bit i for scope i; all if fullMask
}

// The first byte of a payload says what it is. A number is never reused.
const (
	tokenOfGrant    = 1 // grant, expiry
	tokenOfClient   = 2 // epoch, expiry, client_id and scopes, separated by spaces
	tokenOfNarrowed = 3 // grant, expiry, scopes
)

const fullMask = ^uint64(0)

func (t AccessToken) Bytes() []byte {
	expires := uint64(t.Expires.Unix())
	switch {
	case t.Grant.IsZero():
		b := binary.BigEndian.AppendUint32([]byte{tokenOfClient}, t.Epoch)
		b = binary.BigEndian.AppendUint64(b, expires)
		return append(b, strings.Join(append([]string{t.Client}, t.Own...), " ")...)
	case t.scopes == fullMask:
		return binary.BigEndian.AppendUint64(append([]byte{tokenOfGrant}, t.Grant[:]...), expires)
	default:
		b := binary.BigEndian.AppendUint64(append([]byte{tokenOfNarrowed}, t.Grant[:]...), expires)
		return binary.BigEndian.AppendUint64(b, t.scopes)
	}
}

var (
	ErrAccessToken = errors.New("not an access token of ours")
	ErrIDToken     = fmt.Errorf("%w: an ID token", ErrAccessToken)
	ErrOwnToken    = fmt.Errorf("%w for a user: it is a client's own", ErrAccessToken)
)

func parseAccessToken(b []byte) (AccessToken, error) {
	instant := func(b []byte) time.Time { return time.Unix(int64(binary.BigEndian.Uint64(b)), 0) }
	switch {
	case len(b) == 25 && b[0] == tokenOfGrant:
		return AccessToken{Grant: storage.ID(b[1:17]), Expires: instant(b[17:]), scopes: fullMask}, nil
	case len(b) == 33 && b[0] == tokenOfNarrowed:
		return AccessToken{Grant: storage.ID(b[1:17]), Expires: instant(b[17:]),
			scopes: binary.BigEndian.Uint64(b[25:])}, nil
	case len(b) > 13 && b[0] == tokenOfClient:
		words := strings.Fields(string(b[13:]))
		if len(words) == 0 {
			return AccessToken{}, ErrAccessToken
		}
		return AccessToken{Epoch: binary.BigEndian.Uint32(b[1:]), Expires: instant(b[5:]), Client: words[0],
			Own: words[1:]}, nil
	}
	return AccessToken{}, ErrAccessToken
}

// scopesMost is how many scopes a grant has at most: as many as a mask has bits.
const MaxScopes = 64

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
func (t AccessToken) MadeFor(granted []string) (made []string) {
	for i, s := range granted {
		if t.scopes == fullMask || i < 64 && t.scopes&(1<<i) != 0 {
			made = append(made, s)
		}
	}
	return made
}

// narrow leaves of an access what the token is for.
func (t AccessToken) narrow(a *grants.Access) {
	if t.scopes == fullMask {
		return
	}
	made := t.MadeFor(a.Grant.Scopes)
	a.Narrow(func(scope string) bool { return slices.Contains(made, scope) })
}

// tokenIDBytes is how much of an access token's id is kept when it is revoked.
const tokenIDBytes = 16

// openToken reads an access token, opaque or JWT, and returns it with its id, with
// DeadExpired too. What it opens now is not checked.
func (s *Tokens) Open(token string) (AccessToken, []byte, error) {
	payload, id, err := s.openSealed(token)
	if err != nil {
		if _, _, err := s.Keys.Verify(keys.TypeJWT, token); err == nil {
			return AccessToken{}, nil, ErrIDToken
		}
		return AccessToken{}, nil, ErrAccessToken
	}
	t, err := parseAccessToken(payload)
	if err == nil && !s.Now().Before(t.Expires) {
		err = apps.DeadExpired
	}
	return t, id[:tokenIDBytes], err
}

// Access returns what a user's access token gives now. A token of a client's own is
// refused: it stands for nobody.
func (s *Tokens) Access(ctx context.Context, token string) (*grants.Access, error) {
	t, id, err := s.Open(token)
	var a *grants.Access
	switch {
	case err == nil && t.Grant.IsZero():
		err = ErrOwnToken
	case err == nil:
		a, err = s.OpenGrant(ctx, t, id)
	}
	if dead := apps.Dead(""); errors.As(err, &dead) && !t.Grant.IsZero() {
		s.NoteRefused(ctx, t.Grant, string(dead))
	}
	return a, err
}

// opens is what a token of a grant, with its id, gives now.
func (s *Tokens) OpenGrant(ctx context.Context, t AccessToken, id []byte) (*grants.Access, error) {
	a, err := s.Grants.Access(ctx, t.Grant, id)
	if err != nil {
		return nil, err
	}
	if t.narrow(a); len(a.Scopes) == 0 {
		return nil, apps.DeadScopes
	}
	return a, nil
}

// IsRefusal tells what is wrong with a token from what is wrong with us.
func IsRefusal(err error) bool {
	var dead apps.Dead
	return errors.As(err, &dead) || errors.Is(err, ErrAccessToken) || errors.Is(err, keys.ErrToken) ||
		errors.Is(err, storage.ErrNotFound)
}

// named is how the store knows a token of a client's own.
func (t AccessToken) ClientToken(id []byte) apps.ClientToken {
	return apps.ClientToken{ClientID: t.Client, Epoch: uint64(t.Epoch), Expires: t.Expires, Token: id}
}
