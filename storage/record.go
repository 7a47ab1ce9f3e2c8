package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// A record is a version, a CRC-32C of what follows (4 bytes, big-endian), and CBOR.
// bbolt has no checksums of its own: without one, a bit that flips on the disk is
// served as if it had been written so. The version changes when old readers would
// misread what is written; adding a field does not change it.
const (
	recordVersion  = 2
	recordUnsummed = 1 // of earlier versions: the CBOR follows at once
	recordHeader   = 1 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

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
	out := make([]byte, recordHeader, recordHeader+len(b))
	out[0] = recordVersion
	binary.BigEndian.PutUint32(out[1:], crc32.Checksum(b, castagnoli))
	return append(out, b...), nil
}

// decode reads a record into v. It keeps no reference to b, whose bytes die with
// the transaction.
func decode(b []byte, v any) error {
	switch {
	case len(b) > 0 && b[0] == recordUnsummed:
		b = b[1:]
	case len(b) < recordHeader || b[0] != recordVersion:
		return fmt.Errorf("%w: %T has an unknown version", errRecord, v)
	case crc32.Checksum(b[recordHeader:], castagnoli) != binary.BigEndian.Uint32(b[1:]):
		return fmt.Errorf("%w: %T is not as it was written", errRecord, v)
	default:
		b = b[recordHeader:]
	}
	if err := recordDecoder.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %T: %w", errRecord, v, err)
	}
	return nil
}
