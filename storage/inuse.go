package storage

import "latchkey/storage/kv"

// idInUse reports whether a user, a client or a resource has the id: a token that
// names one of them must never be taken for one that names another (RFC 9068 section
// 5). Three reads by key, which need no more than the spaces of the three.
func idInUse(r kv.Reader, id ID) (bool, error) {
	for _, full := range [][]byte{
		append([]byte{spaceUsers}, key{}.id(id)...),
		append([]byte{spaceResources}, key{}.id(id)...),
		append([]byte{spaceClients}, key{}.str(id.String())...),
	} {
		if _, ok, err := r.Get(full); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}
