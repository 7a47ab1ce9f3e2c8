package keys

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"latchkey/storage/policy"

	"github.com/go-jose/go-jose/v4"
)

// state is one key set, opened. It never changes; another set is another state.
type state struct {
	epoch     uint64
	enabled   []*algorithm
	dataKeys  map[uint32]*dataKey
	current   map[Purpose]*dataKey
	signing   map[string]*signingKey   // by algorithm: the current one
	verifying map[verifier]*signingKey // every published one
	jwks      []byte
	version   uint64
}

// verifier is what a JWT shows of the key that signed it: its type and its encoded
// header with the dot behind.
type verifier struct{ typ, header string }

// use opens a complete set and makes it the one in use.
func (r *Ring) use(set policy.KeySet, enabled []*algorithm) error {
	s := &state{epoch: set.Epoch, enabled: enabled, signing: map[string]*signingKey{},
		verifying: map[verifier]*signingKey{}}
	if err := s.openDataKeys(r.master, set.DataKeys); err != nil {
		return err
	}
	if err := s.openSigningKeys(set.SigningKeys); err != nil {
		return err
	}
	r.state.Store(s)
	return nil
}

func (s *state) openDataKeys(master Master, records []policy.DataKey) error {
	s.dataKeys = make(map[uint32]*dataKey, len(records))
	s.current = make(map[Purpose]*dataKey, len(purposes))
	for _, record := range records {
		key, err := openDataKey(master, record)
		if err != nil {
			return err
		}
		if s.dataKeys[key.id] != nil {
			return fmt.Errorf("%w: two data keys %d", ErrDamaged, key.id)
		}
		s.dataKeys[key.id] = key
		// Should a purpose have several keys that seal, all replicas choose the newest.
		if newest := s.current[key.purpose]; !key.retired && (newest == nil || newest.id < key.id) {
			s.current[key.purpose] = key
		}
	}
	return nil
}

// openSigningKeys opens the keys of the enabled algorithms; the others are neither
// published nor used.
func (s *state) openSigningKeys(records []policy.SigningKey) error {
	unseal := func(binding, sealed []byte) ([]byte, error) {
		return s.unseal(PurposeSigning, binding, sealed)
	}
	var published []*signingKey
	for _, record := range records {
		alg := algorithms[record.Algorithm]
		if !slices.Contains(s.enabled, alg) {
			continue
		}
		key, err := openSigningKey(unseal, alg, record)
		if err != nil {
			return err
		}
		published = append(published, key)
		if key.state == policy.KeyCurrent {
			s.signing[alg.name] = key
		}
		for typ, header := range key.headers {
			s.verifying[verifier{typ, header}] = key
		}
	}
	return s.publish(published)
}

// publish encodes the JWK set: by algorithm with RS256 first, since there are
// clients that look at the first key only, then the current key before the others.
func (s *state) publish(published []*signingKey) error {
	slices.SortFunc(published, func(a, b *signingKey) int {
		return cmp.Or(
			slices.Index(s.enabled, a.algorithm)-slices.Index(s.enabled, b.algorithm),
			strings.Compare(string(a.state), string(b.state)), // current, next, retired
			strings.Compare(a.id, b.id),
		)
	})
	set := jose.JSONWebKeySet{Keys: make([]jose.JSONWebKey, len(published))}
	for i, key := range published {
		set.Keys[i] = key.public
	}
	var err error
	if s.jwks, err = json.Marshal(set); err != nil {
		return err
	}
	digest := sha256.Sum256(s.jwks)
	s.version = binary.BigEndian.Uint64(digest[:])
	return nil
}
