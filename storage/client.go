package storage

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"latchkey/storage/kv"
)

// ClientState is where an app stands with those who review it.
type ClientState string

// Only an approved client gets tokens.
const (
	ClientDraft     ClientState = "draft"
	ClientSubmitted ClientState = "submitted"
	ClientApproved  ClientState = "approved"
	ClientRejected  ClientState = "rejected"
	ClientSuspended ClientState = "suspended"
)

func (s ClientState) validate() error {
	switch s {
	case ClientDraft, ClientSubmitted, ClientApproved, ClientRejected, ClientSuspended:
		return nil
	}
	return invalid("state", "must be draft, submitted, approved, rejected or suspended, not %q", s)
}

// Secret is one of the secrets of a client or a resource. Hash and Imported are made by package keys.
type Secret struct {
	ID      ID        `cbor:"1,keyasint"`
	Hash    []byte    `cbor:"2,keyasint"`
	Last4   string    `cbor:"3,keyasint,omitempty"` // what people tell secrets apart by
	Created time.Time `cbor:"4,keyasint"`
	Expires time.Time `cbor:"5,keyasint"` // zero: never
	// Imported, if not empty, stands in for Hash until the secret is first used: what
	// another system kept of it, sealed. Nothing else is known of such a secret.
	Imported []byte `cbor:"6,keyasint,omitempty"`
	// Origin tells the text that a secret was imported as from others.
	Origin []byte `cbor:"7,keyasint,omitempty"`
	// GuessableUntil is when a secret that could be guessed ends; zero: none is known
	// to be. Of one that is only known as Imported it says until when it may turn out to
	// be one.
	GuessableUntil time.Time `cbor:"8,keyasint,omitzero"`
}

// GuessableFor is how long an imported secret that could be guessed is accepted.
const GuessableFor = 30 * 24 * time.Hour

// The length of a secret that was not made here, in bytes. Ours have 256 bits and
// are kept by a fast hash; what is shorter than this could be guessed.
const (
	SecretLeast = 16
	SecretMost  = 512
)

// Client is a registered app. Fields that RFC 7591 section 2 and OpenID Connect
// Registration section 2 name carry those names on the wire.
type Client struct {
	ID       string      `cbor:"1,keyasint"` // client_id
	UID      ID          `cbor:"2,keyasint"` // of this registration: a client deleted and added again under one id is another
	State    ClientState `cbor:"3,keyasint"`
	Revision uint64      `cbor:"4,keyasint"` // one more at every change
	// Epoch is one more whenever all that the client was given ends. See firstEpoch.
	Epoch uint64 `cbor:"5,keyasint,omitempty"`
	// Owner is the user whose app it is; zero: an administrator made it for the platform.
	Owner    ID        `cbor:"6,keyasint,omitzero"`
	Created  time.Time `cbor:"7,keyasint"`
	Updated  time.Time `cbor:"8,keyasint"`
	Secrets  []Secret  `cbor:"9,keyasint,omitempty"`
	Metadata Metadata  `cbor:"10,keyasint"`
	// FirstParty says that the client is the platform's own. It is no metadata: what
	// a client says of itself must never make it so.
	FirstParty bool `cbor:"20,keyasint,omitempty"`
}

// Live reports whether the client may use the protocol at all.
func (c *Client) Live() bool { return c.State == ClientApproved }

// Confidential reports whether the client authenticates at the token endpoint.
func (c *Client) Confidential() bool { return c.Metadata.TokenEndpointAuthMethod != AuthMethodNone }

// Name is what people know the app by.
func (c *Client) Name() string {
	if c.Metadata.ClientName != "" {
		return c.Metadata.ClientName
	}
	return c.ID
}

// fill gives what was left out its default.
func (c *Client) fill() {
	c.Metadata.fill()
	if len(c.Metadata.Scopes) == 0 {
		c.Metadata.Scopes = c.defaultScopes()
	}
}

// defaultScopes is what a client may ask for when nothing narrower was said. Most
// apps that map groups to rights ask for them without saying so at registration, and
// the consent page names them; a client that is somebody's own gets them only from an
// administrator.
func (c *Client) defaultScopes() []string {
	if !c.Owner.IsZero() {
		return StandardScopes()
	}
	return append(StandardScopes(), ScopeGroups)
}

// LiveSecrets are those that are accepted at the instant t.
func (c *Client) LiveSecrets(t time.Time) []Secret { return liveSecrets(c.Secrets, t) }

// Clients holds the registered apps. No client id equals a user's subject: a token
// that names a client must never be taken for one that names a user (RFC 9068
// section 5).
type Clients struct{ b *base }

const (
	clientsByGroup = iota
	clientsByOrigin
)

func clientTable() table[Client] {
	return table[Client]{name: "clients", space: spaceClients, cache: &decoded[Client]{},
		key: func(c *Client) key { return key{}.str(c.ID) }, ready: (*Client).ready,
		indexes: []index[Client]{
			clientsByGroup: {space: spaceClientsByGroup, keys: func(c *Client) (keys []key) {
				for _, id := range c.Metadata.AllowedGroups {
					keys = append(keys, key{}.id(id))
				}
				return keys
			}},
			clientsByOrigin: {space: spaceClientsByOrigin, since: 3, keys: func(c *Client) (keys []key) {
				for _, origin := range c.origins() {
					keys = append(keys, key{}.str(origin))
				}
				return keys
			}},
		}}
}

func (c *Client) ready(key) {
	inUTC(&c.Created, &c.Updated)
	secretsInUTC(c.Secrets)
}

// NewClient is a client about to be registered. An empty ID gets a fresh one.
type NewClient struct {
	ID       string
	Owner    ID
	State    ClientState // empty: approved
	Metadata Metadata
	// FirstParty says that it is the platform's own.
	FirstParty bool
	// Secret is the hash of its first secret: required if the client authenticates by
	// one, refused if it does not.
	Secret      []byte
	SecretLast4 string
	// Imported and Origin are those of a secret of which only another system's hash is
	// known, in place of Secret.
	Imported, Origin []byte
	// Guessable says that the secret could be guessed, or that nobody knows and it may
	// be: it is accepted for GuessableFor.
	Guessable bool
}

// NewID makes a client id.
func (s Clients) NewID() string { return s.b.newID().String() }

// Create registers a client. Errors: ErrForbidden, *Invalid, *Taken.
func (s Clients) Create(ctx context.Context, by Actor, n NewClient) (*Client, error) {
	return s.CreateOnce(ctx, by, Once{}, n)
}

// CreateOnce is Create for a request that may be sent again: ErrRepeated if it was.
func (s Clients) CreateOnce(ctx context.Context, by Actor, once Once, n NewClient) (*Client, error) {
	if err := by.mayManage(); err != nil {
		return nil, err
	}
	if err := validNewClientID(n.ID); err != nil {
		return nil, err
	}
	c, err := s.prepare(n)
	if err != nil {
		return nil, err
	}
	note := s.b.note(by, ActClientCreated)
	return update(ctx, s.b, func(tx kv.Txn) (*Client, error) {
		if err := s.b.onlyOnce(tx, once, c.ID, c.Created); err != nil {
			return nil, err
		}
		return s.b.addClient(tx, c, note)
	})
}

// addClient writes nothing if it refuses.
func (b *base) addClient(tx kv.Txn, c Client, note Event) (*Client, error) {
	if err := b.checkClient(tx, &c); err != nil {
		return nil, err
	}
	if old, err := b.clients.get(tx, key{}.str(c.ID)); err != nil || old != nil {
		return nil, errOr(err, &Taken{Field: "client_id"})
	}
	if err := b.clients.put(tx, &c); err != nil {
		return nil, err
	}
	return &c, b.audit.put(tx, note.about(ID{}, c.ID, c.Name()))
}

// prepare makes the record of a new client, before the transaction.
func (s Clients) prepare(n NewClient) (Client, error) {
	now := s.b.instant()
	uid := s.b.newID()
	c := Client{ID: n.ID, UID: uid, State: n.State, Revision: 1, Epoch: firstEpoch(uid), Owner: n.Owner, Created: now, Updated: now, Metadata: n.Metadata, FirstParty: n.FirstParty}
	if c.ID == "" {
		c.ID = s.NewID()
	}
	if c.State == "" {
		c.State = ClientApproved
	}
	c.fill()
	if c.Metadata.UsesSecret() != (len(n.Secret)+len(n.Imported) > 0) {
		return Client{}, invalid("token_endpoint_auth_method", "and client secret do not agree: client_secret_basic and client_secret_post need exactly one, %s and %s have none", AuthMethodPrivateKeyJWT, AuthMethodNone)
	}
	c.Secrets = s.firstSecret(n, now)
	return c, c.State.validate()
}

// firstEpoch is at random, so that no token of a client's own outlives one that is
// deleted and added again under its id: a token names its client by id and epoch. The
// time would not do: a second is long enough for both, and clocks are set back. Of the 32
// bits that a token has for it one is left for what is added.
func firstEpoch(uid ID) uint64 { return uint64(binary.BigEndian.Uint32(uid[12:]) >> 1) }

func (s Clients) firstSecret(n NewClient, now time.Time) []Secret {
	if len(n.Secret)+len(n.Imported) == 0 {
		return nil
	}
	v := Secret{ID: s.b.newID(), Hash: n.Secret, Last4: n.SecretLast4, Created: now, Imported: n.Imported, Origin: n.Origin}
	if n.Guessable {
		v.GuessableUntil = now.Add(GuessableFor)
	}
	return []Secret{v}
}

// checkClient applies every rule about a client that needs the store or not.
func (b *base) checkClient(r kv.Reader, c *Client) error {
	if err := validClientID(c.ID); err != nil {
		return err
	}
	if err := c.Metadata.validate(); err != nil {
		return err
	}
	if err := b.checkWhatDiffers(r, c); err != nil {
		return err
	}
	if err := b.checkAlgorithms(r, c); err != nil {
		return err
	}
	if err := b.checkScopes(r, c); err != nil {
		return err
	}
	if err := b.checkOwnScopes(r, c); err != nil {
		return err
	}
	if err := c.checkConsent(); err != nil {
		return err
	}
	if err := b.checkAllowedGroups(r, c); err != nil {
		return err
	}
	return b.freeClientID(r, c.ID)
}

// checkScopes wants the scopes that a client may ask for to be in the catalogue. One
// that left it with its resource is nothing to ask for any more, and no reason to
// refuse another change of a client that has it.
func (b *base) checkScopes(r kv.Reader, c *Client) error {
	for _, name := range c.Metadata.Scopes {
		sc, err := b.scopes.shared(r, key{}.str(name))
		if err != nil {
			return err
		}
		had := false
		if sc != nil && sc.Retired != "" {
			old, err := b.clients.get(r, key{}.str(c.ID))
			if err != nil {
				return err
			}
			had = old != nil && slices.Contains(old.Metadata.Scopes, name)
		}
		if sc == nil || sc.Retired != "" && !had {
			return invalid("scope", "holds %q, which is not in the catalogue", name)
		}
	}
	return nil
}

// validClientID takes the ids that other systems have given: printable ASCII (RFC 6749
// appendix A.1) without spaces around it. . and .. are no ids, since in an address they
// are names of directories.
func validClientID(s string) error {
	switch {
	case s == "" || len(s) > 128:
		return invalid("client_id", "must be 1 to 128 bytes long")
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) || strings.TrimSpace(s) != s:
		return invalid("client_id", "must be printable ASCII without spaces around it (RFC 6749 appendix A.1)")
	case s == "." || s == "..":
		return invalid("client_id", "must not be . or ..")
	}
	return nil
}

// validNewClientID is stricter: an id that is made here has only characters that need no
// care in addresses, in logs and in Basic authentication.
func validNewClientID(s string) error {
	for i := range len(s) {
		c := s[i]
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == '~'
		if !ok {
			return invalid("client_id", "must be letters, digits and - _ . ~, unless it is imported")
		}
	}
	return nil
}

// freeClientID refuses an id that names the provider, or an API: in a token's aud, its
// client_id or its sub, one would pass for the other. It refuses a user's id too.
func (b *base) freeClientID(r kv.Reader, s string) error {
	if SameIdentifier(s, b.issuer) {
		return invalid("client_id", "must not be the issuer")
	}
	if v, err := b.resources.find(r, resourcesByIdentifier, key{}.str(canonicalIdentifier(s))); err != nil || v != nil {
		return errOr(err, invalid("client_id", "must not be the identifier of an API"))
	}
	id, err := ParseID(s)
	if err != nil {
		return nil
	}
	if u, err := b.users.get(r, key{}.id(id)); err != nil || u != nil {
		return errOr(err, &Taken{Field: "client_id"})
	}
	if v, err := b.resources.get(r, key{}.id(id)); err != nil || v != nil {
		return errOr(err, &Taken{Field: "client_id"})
	}
	return nil
}

// Get returns a client, or ErrNotFound. The result is shared: not to be changed.
func (s Clients) Get(ctx context.Context, id string) (*Client, error) {
	if id == "" {
		return nil, ErrNotFound
	}
	return view(ctx, s.b, func(r kv.Reader) (*Client, error) {
		return found(s.b.clients.shared(r, key{}.str(id)))
	})
}

// List returns up to limit clients by id, after the cursor of an earlier page, and
// the next cursor.
func (s Clients) List(ctx context.Context, after []byte, limit int) ([]*Client, []byte, error) {
	p, err := view(ctx, s.b, func(r kv.Reader) (page[Client], error) {
		return s.b.clients.scan(r, nil, after, limit, false)
	})
	return p.items, p.next, err
}
