package storage

import (
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// recordVersion stands before every record. Adding a field does not change it;
// a change that old readers would misread does, and decode then upgrades what it
// finds.
const recordVersion = 1

var errRecord = errors.New("storage: a record cannot be read")

// Records are deterministic CBOR (RFC 8949 section 4.2.1) with integer keys,
// times as whole seconds. Text is read back as it was written: much of it comes
// from requests, and a byte that is no UTF-8 must not make a record unreadable.
var (
	recordEncoder = must(cbor.EncOptions{
		Sort:    cbor.SortCoreDeterministic,
		Time:    cbor.TimeUnix,
		TimeTag: cbor.EncTagNone,
	}.EncMode())
	recordDecoder = must(cbor.DecOptions{
		MaxNestedLevels: 16,
		DupMapKey:       cbor.DupMapKeyEnforcedAPF,
		IndefLength:     cbor.IndefLengthForbidden,
		TagsMd:          cbor.TagsForbidden,
		UTF8:            cbor.UTF8DecodeInvalid,
	}.DecMode())
)

// inUTC gives decoded times, which come in the machine's own zone, the one that
// stored times are in.
func inUTC(times ...*time.Time) {
	for _, t := range times {
		*t = t.UTC()
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func encode(v any) ([]byte, error) {
	b, err := recordEncoder.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("storage: encoding %T: %w", v, err)
	}
	return append([]byte{recordVersion}, b...), nil
}

// decode reads a record into v. It keeps no reference to b, whose bytes die with
// the transaction.
func decode(b []byte, v any) error {
	if len(b) == 0 || b[0] != recordVersion {
		return fmt.Errorf("%w: %T has an unknown version", errRecord, v)
	}
	if err := recordDecoder.Unmarshal(b[1:], v); err != nil {
		return fmt.Errorf("%w: %T: %w", errRecord, v, err)
	}
	return nil
}
