package frontchannel

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"errors"
	"io"

	"latchkey/keys"

	"github.com/fxamacker/cbor/v2"
)

// unpackedMost bounds in bytes what is unpacked of a sealed text.
const unpackedMost = 64 << 10

var (
	flowEncoder = func() cbor.EncMode {
		m, err := cbor.EncOptions{Time: cbor.TimeUnix}.EncMode()
		if err != nil {
			panic(err)
		}
		return m
	}()
	// flowDecoder takes text in any bytes: state is sent back as it came.
	flowDecoder = func() cbor.DecMode {
		m, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode()
		if err != nil {
			panic(err)
		}
		return m
	}()
	ErrNoFlow = errors.New("op: this browser has no such flow")
)

// Pack writes a value as CBOR and compresses it: what is sealed cannot be compressed any
// more, and cookies and addresses have little room.
func Pack(v any) []byte {
	plain, err := flowEncoder.Marshal(v)
	if err != nil {
		panic("op: a request cannot be written as CBOR: " + err.Error())
	}
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		panic(err) // the level is one that there is
	}
	_, _ = w.Write(plain) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// unpack reads what pack wrote.
func unpack(packed []byte, v any) error {
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), unpackedMost))
	if err != nil {
		return err
	}
	return flowDecoder.Unmarshal(plain, v)
}

// Sealer seals what a browser carries for us.
type Sealer struct{ Keys *keys.Ring }

// Seal packs and seals a value for cookies and addresses of ours.
func (s *Sealer) Seal(binding []byte, v any) string {
	return base64.RawURLEncoding.EncodeToString(s.Keys.Seal(keys.PurposeFlow, binding, Pack(v)))
}

// Unseal reads what seal wrote, up to most bytes of text: errNoFlow for anything else,
// whatever the reason.
func (s *Sealer) Unseal(binding []byte, text string, most int, v any) error {
	if len(text) > most {
		return ErrNoFlow
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || base64.RawURLEncoding.EncodedLen(len(sealed)) != len(text) { // the library skips line breaks
		return ErrNoFlow
	}
	packed, err := s.Keys.Unseal(keys.PurposeFlow, binding, sealed)
	if err != nil || unpack(packed, v) != nil {
		return ErrNoFlow
	}
	return nil
}
