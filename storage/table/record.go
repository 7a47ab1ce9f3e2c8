package table

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
	RecordVersion  = 2
	RecordUnsummed = 1 // of earlier versions: the CBOR follows at once
	recordHeader   = 1 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var ErrRecord = errors.New("storage: a record cannot be read")

// Records are deterministic CBOR (RFC 8949 section 4.2.1) with integer keys,
// times as whole seconds. Text is read back as it was written: much of it comes
// from requests, and a byte that is no UTF-8 must not make a record unreadable.
var (
	RecordEncoder = Must(cbor.EncOptions{
		Sort:    cbor.SortCoreDeterministic,
		Time:    cbor.TimeUnix,
		TimeTag: cbor.EncTagNone,
	}.EncMode())
	recordDecoder = Must(cbor.DecOptions{
		MaxNestedLevels: 16,
		DupMapKey:       cbor.DupMapKeyEnforcedAPF,
		IndefLength:     cbor.IndefLengthForbidden,
		TagsMd:          cbor.TagsForbidden,
		UTF8:            cbor.UTF8DecodeInvalid,
	}.DecMode())
)

// InUTC gives decoded times, which come in the machine's own zone, the one that
// stored times are in.
func InUTC(times ...*time.Time) {
	for _, t := range times {
		*t = t.UTC()
	}
}

func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func Encode(v any) ([]byte, error) {
	b, err := RecordEncoder.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("storage: encoding %T: %w", v, err)
	}
	out := make([]byte, recordHeader, recordHeader+len(b))
	out[0] = RecordVersion
	binary.BigEndian.PutUint32(out[1:], crc32.Checksum(b, castagnoli))
	return append(out, b...), nil
}

// Decode reads a record into v. It keeps no reference to b, whose bytes die with
// the transaction.
func Decode(b []byte, v any) error {
	switch {
	case len(b) > 0 && b[0] == RecordUnsummed:
		b = b[1:]
	case len(b) < recordHeader || b[0] != RecordVersion:
		return fmt.Errorf("%w: %T has an unknown version", ErrRecord, v)
	case crc32.Checksum(b[recordHeader:], castagnoli) != binary.BigEndian.Uint32(b[1:]):
		return fmt.Errorf("%w: %T is not as it was written", ErrRecord, v)
	default:
		b = b[recordHeader:]
	}
	if err := recordDecoder.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %T: %w", ErrRecord, v, err)
	}
	return nil
}
