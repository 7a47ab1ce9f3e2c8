package storage

import (
	"encoding/hex"
	"errors"
	"io"
	"time"
)

// ID names a record: a UUIDv7 (RFC 9562 section 5.7), so that ids made later
// sort later and inserts stay at the end of the file. Nothing may read the time
// back from one: the clock that made it may have been wrong.
type ID [16]byte

// MakeID makes an id at the instant t with randomness from rnd.
func MakeID(t time.Time, rnd io.Reader) ID {
	var id ID
	if _, err := io.ReadFull(rnd, id[6:]); err != nil {
		panic("storage: the system's randomness failed: " + err.Error())
	}
	ms := uint64(t.UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	// The 12 bits after the version are a fraction of the millisecond (RFC 9562 section
	// 6.2, method 3): what is done in one millisecond sorts in its order too.
	part := (t.Nanosecond() % 1e6) * (1 << 12) / 1e6
	id[6], id[7] = 0x70|byte(part>>8), byte(part)
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id
}

// IsZero reports whether the id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// String is the id in the usual form, 8-4-4-4-12 lower-case hexadecimal digits.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:36], id[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

var errID = errors.New("not an id: want 8-4-4-4-12 lower-case hexadecimal digits")

// ParseID reads what String writes, and nothing else.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, errID
	}
	digits := s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:36]
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return ID{}, errID
	}
	if id.String() != s { // upper-case digits: one id, one spelling
		return ID{}, errID
	}
	return id, nil
}

// MarshalText and UnmarshalText are the JSON form of an id.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (id *ID) UnmarshalText(b []byte) error {
	v, err := ParseID(string(b))
	if err == nil {
		*id = v
	}
	return err
}
