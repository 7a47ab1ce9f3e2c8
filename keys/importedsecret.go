package keys

import (
	"context"
	"fmt"

	"github.com/zitadel/passwap/argon2"
	"github.com/zitadel/passwap/bcrypt"
	"github.com/zitadel/passwap/pbkdf2"
	"github.com/zitadel/passwap/scrypt"
	verify "github.com/zitadel/passwap/verifier"
)

// foreignForms know the hashes of other systems, and ours.
var foreignForms = []verify.Verifier{argon2.Verifier, bcrypt.Verifier, scrypt.Verifier, pbkdf2.Verifier}

// ImportSecret seals what another system kept of a client's secret, for the client
// with that id alone. Forms, costs and errors are those of Import.
func (h *Hasher) ImportSecret(client, encoded string) (sealed []byte, err error) {
	return h.Import(secretBinding(client), encoded)
}

// VerifySecret reports whether sealed, from ImportSecret for the same client, is the
// hash of secret, byte for byte. It takes its turn with the passwords, once it has one
// among the secrets: strangers may send many from many networks, a hash may cost a hundred
// times what ours do, and people must be able to sign in meanwhile. Errors: ErrSeal,
// ErrHash, ErrBusy, the cause of ctx ending.
func (h *Hasher) VerifySecret(ctx context.Context, client string, sealed []byte, secret string) (bool, error) {
	encoded, err := h.ring.Unseal(PurposePassword, secretBinding(client), sealed)
	if err != nil {
		return false, err
	}
	if err := checkEncoded(string(encoded)); err != nil {
		return false, err
	}
	from := h.caller(ctx, false)
	for _, g := range []*gate{h.secrets, h.gate} {
		if err := g.enter(ctx, from, h.span); err != nil {
			return false, err
		}
		defer g.leave(from)
	}
	defer h.span.begin(ctx, spanHash)()
	for _, v := range foreignForms {
		result, err := v.Verify(string(encoded), secret)
		switch {
		case result == verify.Skip && err == nil:
			continue
		case err != nil:
			return false, fmt.Errorf("%w: %w", ErrHash, err)
		}
		return result == verify.OK || result == verify.NeedUpdate, nil
	}
	return false, fmt.Errorf("%w: nothing knows its form", ErrHash)
}

// secretBinding is no user's id, whatever the client's: those have 16 bytes.
func secretBinding(client string) []byte { return []byte("the secret of client " + client) }
