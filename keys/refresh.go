package keys

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/binary"
)

// RefreshToken is a refresh token taken apart: whose it claims to be, not yet
// proven.
type RefreshToken struct {
	Grant      [16]byte
	Generation uint32
	mac        []byte
}

const refreshMACSize = 32

// NewRefreshSecret makes the secret of a grant that gets refresh tokens.
func NewRefreshSecret() []byte {
	secret := make([]byte, secretSize)
	rand.Read(secret) // never fails
	return secret
}

// RefreshToken returns the refresh token (76 characters) of a grant's generation.
// It is always the same string for the same arguments, so that a lost answer can be
// given again without having been kept. It returns ErrUnknownKey if the data key,
// fixed when the grant was made, is gone.
func (r *Ring) RefreshToken(key uint32, secret []byte, grant [16]byte, generation uint32) (string, error) {
	mac, err := r.refreshMAC(key, secret, grant, generation)
	if err != nil {
		return "", err
	}
	raw := binary.BigEndian.AppendUint32(grant[:], generation)
	return encodeToken(PrefixRefreshToken, append(raw, mac...)), nil
}

func (r *Ring) refreshMAC(key uint32, secret []byte, grant [16]byte, generation uint32) ([]byte, error) {
	return r.MACWith(PurposeRefresh, key, []byte("refresh"), secret, grant[:],
		binary.BigEndian.AppendUint32(nil, generation))
}

// ParseRefreshToken takes a refresh token apart. It returns ErrToken if token has
// another form.
func ParseRefreshToken(token string) (RefreshToken, error) {
	raw, err := decodeToken(PrefixRefreshToken, token, grantIDSize+4+refreshMACSize)
	if err != nil {
		return RefreshToken{}, err
	}
	return RefreshToken{Grant: [16]byte(raw), Generation: binary.BigEndian.Uint32(raw[grantIDSize:]),
		mac: raw[grantIDSize+4:]}, nil
}

// VerifyRefreshToken reports, in constant time, whether t is its grant's own: made
// with this data key and the grant's secret.
func (r *Ring) VerifyRefreshToken(t RefreshToken, key uint32, secret []byte) bool {
	mac, err := r.refreshMAC(key, secret, t.Grant, t.Generation)
	return err == nil && hmac.Equal(mac, t.mac)
}
