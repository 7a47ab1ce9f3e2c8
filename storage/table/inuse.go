package table

import (
	"latchkey/storage"
	"latchkey/storage/kv"
)

// IDInUse reports whether a user, a client or a resource has the id: a token that
// names one of them must never be taken for one that names another (RFC 9068 section
// 5). Three reads by key, which need no more than the spaces of the three.
func IDInUse(r kv.Reader, id storage.ID) (bool, error) {
	for _, full := range [][]byte{
		append([]byte{SpaceUsers}, Key{}.ID(id)...),
		append([]byte{SpaceResources}, Key{}.ID(id)...),
		append([]byte{SpaceClients}, Key{}.Str(id.String())...),
	} {
		if _, ok, err := r.Get(full); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}
