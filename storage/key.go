package storage

import "encoding/binary"

// Spaces partition the key space, one byte each. A number is never reused, not
// even for a noun that is gone: a file may still hold its records.
const (
	spaceMeta             byte = 0x01
	spaceSettings         byte = 0x02
	spaceKeys             byte = 0x03
	spaceScopes           byte = 0x04
	spaceUsers            byte = 0x10
	spaceUsersByUsername  byte = 0x11
	spaceUsersByEmail     byte = 0x12
	spaceAdmins           byte = 0x13
	spaceAttempts         byte = 0x14
	spaceMemberships      byte = 0x15
	spaceUsersByExternal  byte = 0x16
	spaceClients          byte = 0x20
	spaceSessions         byte = 0x30
	spaceSessionsByUser   byte = 0x31
	spaceConsents         byte = 0x40
	spaceGrants           byte = 0x50
	spaceGrantStates      byte = 0x51
	spaceDenied           byte = 0x52
	spaceAlive            byte = 0x53
	spaceLinks            byte = 0x60
	spaceAudit            byte = 0x70
	spaceAuditBySubject   byte = 0x71
	spaceRequests         byte = 0x90
	spaceResources        byte = 0x92
	spaceResourcesByURI   byte = 0x93
	spaceCatalogue        byte = 0x94
	spaceAssertions       byte = 0x91
	spaceServed           byte = 0x96
	spaceGroups           byte = 0xa0
	spaceGroupsByName     byte = 0xa1
	spaceUsersByGroup     byte = 0xa2
	spaceClientsByGroup   byte = 0xa3
	spaceOffline          byte = 0xa4
	spaceClientsByOrigin  byte = 0xa5
	escape, escaped, stop      = 0x00, 0xff, 0x00
)

// key builds a tuple whose bytes sort as its parts do, part by part. Strings may
// hold any byte: 0x00 is written 0x00 0xff and each string ends with 0x00 0x00,
// which sorts before every continuation of the same string.
type key []byte

func (k key) str(s string) key {
	for i := range len(s) {
		k = append(k, s[i])
		if s[i] == escape {
			k = append(k, escaped)
		}
	}
	return append(k, escape, stop)
}

// text is the string that str began the key with.
func (k key) text() string {
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

func (k key) id(id ID) key { return append(k, id[:]...) }

func (k key) u64(n uint64) key { return binary.BigEndian.AppendUint64(k, n) }
