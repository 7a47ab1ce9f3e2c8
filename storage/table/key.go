package table

import (
	"encoding/binary"

	"latchkey/storage"
)

// Spaces partition the key space, one byte each. A number is never reused, not
// even for a noun that is gone: a file may still hold its records.
const (
	SpaceMeta             byte = 0x01
	SpaceSettings         byte = 0x02
	SpaceKeys             byte = 0x03
	SpaceScopes           byte = 0x04
	SpaceUsers            byte = 0x10
	SpaceUsersByUsername  byte = 0x11
	SpaceUsersByEmail     byte = 0x12
	SpaceAdmins           byte = 0x13
	SpaceAttempts         byte = 0x14
	SpaceMemberships      byte = 0x15
	SpaceUsersByExternal  byte = 0x16
	SpaceClients          byte = 0x20
	SpaceSessions         byte = 0x30
	SpaceSessionsByUser   byte = 0x31
	SpaceConsents         byte = 0x40
	SpaceGrants           byte = 0x50
	SpaceGrantStates      byte = 0x51
	SpaceDenied           byte = 0x52
	SpaceAlive            byte = 0x53
	SpaceLinks            byte = 0x60
	SpaceAudit            byte = 0x70
	SpaceAuditBySubject   byte = 0x71
	SpaceRequests         byte = 0x90
	SpaceResources        byte = 0x92
	SpaceResourcesByURI   byte = 0x93
	SpaceCatalogue        byte = 0x94
	SpaceAssertions       byte = 0x91
	SpaceServed           byte = 0x96
	SpaceGroups           byte = 0xa0
	SpaceGroupsByName     byte = 0xa1
	SpaceUsersByGroup     byte = 0xa2
	SpaceClientsByGroup   byte = 0xa3
	SpaceOffline          byte = 0xa4
	SpaceClientsByOrigin  byte = 0xa5
	escape, escaped, stop      = 0x00, 0xff, 0x00
)

// Key builds a tuple whose bytes sort as its parts do, part by part. Strings may
// hold any byte: 0x00 is written 0x00 0xff and each string ends with 0x00 0x00,
// which sorts before every continuation of the same string.
type Key []byte

func (k Key) Str(s string) Key {
	for i := range len(s) {
		k = append(k, s[i])
		if s[i] == escape {
			k = append(k, escaped)
		}
	}
	return append(k, escape, stop)
}

// Text is the string that str began the key with.
func (k Key) Text() string {
	var s []byte
	for i := 0; i < len(k); i++ {
		if k[i] == escape {
			if i+1 == len(k) || k[i+1] != escaped {
				break
			}
			i++
			s = append(s, escape)
			continue
		}
		s = append(s, k[i])
	}
	return string(s)
}

func (k Key) ID(id storage.ID) Key { return append(k, id[:]...) }

func (k Key) U64(n uint64) Key { return binary.BigEndian.AppendUint64(k, n) }
