package apps

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/policy"
	"latchkey/storage/table"
)

// checkAlgorithms refuses a client that wants signatures which are not switched on.
func (a *Apps) checkAlgorithms(r kv.Reader, c *Client) error {
	set, err := a.Policy.SettingsIn(r)
	if err != nil {
		return err
	}
	if alg := c.Metadata.IDTokenSignedResponseAlg; alg != "" && !slices.Contains(set.SigningAlgorithms, alg) {
		return storage.Invalidf("id_token_signed_response_alg",
			"must be among %s, not %q: signing_algorithms enables no others",
			strings.Join(set.SigningAlgorithms, ", "), alg)
	}
	return nil
}

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
	return storage.Invalidf("state", "must be draft, submitted, approved, rejected or suspended, not %q", s)
}

// Secret is one of the secrets of a client or a resource. Hash and Imported are made by package keys.
type Secret struct {
	ID      storage.ID `cbor:"1,keyasint"`
	Hash    []byte     `cbor:"2,keyasint"`
	Last4   string     `cbor:"3,keyasint,omitempty"` // what people tell secrets apart by
	Created time.Time  `cbor:"4,keyasint"`
	Expires time.Time  `cbor:"5,keyasint"` // zero: never
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
	UID      storage.ID  `cbor:"2,keyasint"` // of this registration: a client deleted and added again under one id is another
	State    ClientState `cbor:"3,keyasint"`
	Revision uint64      `cbor:"4,keyasint"` // one more at every change
	// Epoch is one more whenever all that the client was given ends. See firstEpoch.
	Epoch uint64 `cbor:"5,keyasint,omitempty"`
	// Owner is the user whose app it is; zero: an administrator made it for the platform.
	Owner    storage.ID `cbor:"6,keyasint,omitzero"`
	Created  time.Time  `cbor:"7,keyasint"`
	Updated  time.Time  `cbor:"8,keyasint"`
	Secrets  []Secret   `cbor:"9,keyasint,omitempty"`
	Metadata Metadata   `cbor:"10,keyasint"`
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
		c.Metadata.Scopes = c.DefaultScopes()
	}
}

// DefaultScopes is what a client may ask for when nothing narrower was said. Most
// apps that map groups to rights ask for them without saying so at registration, and
// the consent page names them; a client that is somebody's own gets them only from an
// administrator.
func (c *Client) DefaultScopes() []string {
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
type Clients struct{ apps *Apps }

const (
	clientsByGroup = iota
	ClientsByOrigin
)

func clientTable() table.Table[Client] {
	return table.Table[Client]{Name: "clients", Space: table.SpaceClients, Cache: &table.Decoded[Client]{},
		Key: func(c *Client) table.Key { return table.Key{}.Str(c.ID) }, Ready: (*Client).ready,
		Indexes: []table.Index[Client]{
			clientsByGroup: {Space: table.SpaceClientsByGroup, Keys: func(c *Client) (keys []table.Key) {
				for _, id := range c.Metadata.AllowedGroups {
					keys = append(keys, table.Key{}.ID(id))
				}
				return keys
			}},
			ClientsByOrigin: {Space: table.SpaceClientsByOrigin, Since: 3, Keys: func(c *Client) (keys []table.Key) {
				for _, origin := range c.origins() {
					keys = append(keys, table.Key{}.Str(origin))
				}
				return keys
			}},
		}}
}

func (c *Client) ready(table.Key) {
	table.InUTC(&c.Created, &c.Updated)
	secretsInUTC(c.Secrets)
}

// NewClient is a client about to be registered. An empty ID gets a fresh one.
type NewClient struct {
	ID       string
	Owner    storage.ID
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
func (s Clients) NewID() string { return s.apps.DB.NewID().String() }

// Create registers a client. Errors: ErrForbidden, *Invalid, *Taken.
func (s Clients) Create(ctx context.Context, by storage.Actor, n NewClient) (*Client, error) {
	return s.CreateOnce(ctx, by, policy.Once{}, n)
}

// CreateOnce is Create for a request that may be sent again: ErrRepeated if it was.
func (s Clients) CreateOnce(ctx context.Context, by storage.Actor, once policy.Once, n NewClient) (*Client, error) {
	if err := by.MayManage(); err != nil {
		return nil, err
	}
	if err := validNewClientID(n.ID); err != nil {
		return nil, err
	}
	c, err := s.prepareClient(n)
	if err != nil {
		return nil, err
	}
	note := s.apps.Trail.Note(by, audit.ActClientCreated)
	return table.Update(ctx, s.apps.DB, func(tx kv.Txn) (*Client, error) {
		if err := s.apps.Policy.OnlyOnce(tx, once, c.ID, c.Created); err != nil {
			return nil, err
		}
		return s.apps.addClient(tx, c, note)
	})
}

// addClient writes nothing if it refuses.
func (a *Apps) addClient(tx kv.Txn, c Client, note audit.Event) (*Client, error) {
	if err := a.checkClient(tx, &c); err != nil {
		return nil, err
	}
	if old, err := a.Clients.Get(tx, table.Key{}.Str(c.ID)); err != nil || old != nil {
		return nil, storage.ErrOr(err, &storage.Taken{Field: "client_id"})
	}
	if err := a.Clients.Put(tx, &c); err != nil {
		return nil, err
	}
	return &c, a.Trail.Audit.Put(tx, note.About(storage.ID{}, c.ID, c.Name()))
}

// prepareClient makes the record of a new client, before the transaction.
func (s Clients) prepareClient(n NewClient) (Client, error) {
	now := s.apps.DB.Instant()
	uid := s.apps.DB.NewID()
	c := Client{ID: n.ID, UID: uid, State: n.State, Revision: 1, Epoch: firstEpoch(uid), Owner: n.Owner,
		Created: now, Updated: now, Metadata: n.Metadata, FirstParty: n.FirstParty}
	if c.ID == "" {
		c.ID = s.NewID()
	}
	if c.State == "" {
		c.State = ClientApproved
	}
	c.fill()
	if c.Metadata.UsesSecret() != (len(n.Secret)+len(n.Imported) > 0) {
		return Client{}, storage.Invalidf("token_endpoint_auth_method",
			"and client secret do not agree: client_secret_basic and client_secret_post need exactly one, %s and %s have none", AuthMethodPrivateKeyJWT, AuthMethodNone)
	}
	c.Secrets = s.firstSecret(n, now)
	return c, c.State.validate()
}

// firstEpoch is at random, so that no token of a client's own outlives one that is
// deleted and added again under its id: a token names its client by id and epoch. The
// time would not do: a second is long enough for both, and clocks are set back. Of the 32
// bits that a token has for it one is left for what is added.
func firstEpoch(uid storage.ID) uint64 { return uint64(binary.BigEndian.Uint32(uid[12:]) >> 1) }

func (s Clients) firstSecret(n NewClient, now time.Time) []Secret {
	if len(n.Secret)+len(n.Imported) == 0 {
		return nil
	}
	v := Secret{ID: s.apps.DB.NewID(), Hash: n.Secret, Last4: n.SecretLast4, Created: now, Imported: n.Imported,
		Origin: n.Origin}
	if n.Guessable {
		v.GuessableUntil = now.Add(GuessableFor)
	}
	return []Secret{v}
}

// checkClient applies every rule about a client that needs the store or not.
func (a *Apps) checkClient(r kv.Reader, c *Client) error {
	if err := validClientID(c.ID); err != nil {
		return err
	}
	if err := c.Metadata.validate(); err != nil {
		return err
	}
	if err := a.checkWhatDiffers(r, c); err != nil {
		return err
	}
	if err := a.checkAlgorithms(r, c); err != nil {
		return err
	}
	if err := a.checkScopes(r, c); err != nil {
		return err
	}
	if err := a.checkOwnScopes(r, c); err != nil {
		return err
	}
	if err := c.checkConsent(); err != nil {
		return err
	}
	if err := a.checkAllowedGroups(r, c); err != nil {
		return err
	}
	return a.freeClientID(r, c.ID)
}

// checkScopes wants the scopes that a client may ask for to be in the catalogue. One
// that left it with its resource is nothing to ask for any more, and no reason to
// refuse another change of a client that has it.
func (a *Apps) checkScopes(r kv.Reader, c *Client) error {
	for _, name := range c.Metadata.Scopes {
		sc, err := a.Scopes.Shared(r, table.Key{}.Str(name))
		if err != nil {
			return err
		}
		had := false
		if sc != nil && sc.Retired != "" {
			old, err := a.Clients.Get(r, table.Key{}.Str(c.ID))
			if err != nil {
				return err
			}
			had = old != nil && slices.Contains(old.Metadata.Scopes, name)
		}
		if sc == nil || sc.Retired != "" && !had {
			return storage.Invalidf("scope", "holds %q, which is not in the catalogue", name)
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
		return storage.Invalidf("client_id", "must be 1 to 128 bytes long")
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) || strings.TrimSpace(s) != s:
		return storage.Invalidf("client_id", "must be printable ASCII without spaces around it (RFC 6749 appendix A.1)")
	case s == "." || s == "..":
		return storage.Invalidf("client_id", "must not be . or ..")
	}
	return nil
}

// validNewClientID is stricter: an id that is made here has only characters that need no
// care in addresses, in logs and in Basic authentication.
func validNewClientID(s string) error {
	for i := range len(s) {
		c := s[i]
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' ||
			c == '.' || c == '~'
		if !ok {
			return storage.Invalidf("client_id", "must be letters, digits and - _ . ~, unless it is imported")
		}
	}
	return nil
}

// freeClientID refuses an id that names the provider, or an API: in a token's aud, its
// client_id or its sub, one would pass for the other. It refuses a user's id too.
func (a *Apps) freeClientID(r kv.Reader, s string) error {
	if SameIdentifier(s, a.Policy.Issuer) {
		return storage.Invalidf("client_id", "must not be the issuer")
	}
	if v, err := a.Resources.Find(r, resourcesByIdentifier, table.Key{}.Str(canonicalIdentifier(s))); err != nil ||
		v != nil {
		return storage.ErrOr(err, storage.Invalidf("client_id", "must not be the identifier of an API"))
	}
	id, err := storage.ParseID(s)
	if err != nil {
		return nil
	}
	if u, err := a.People.Users.Get(r, table.Key{}.ID(id)); err != nil || u != nil {
		return storage.ErrOr(err, &storage.Taken{Field: "client_id"})
	}
	if v, err := a.Resources.Get(r, table.Key{}.ID(id)); err != nil || v != nil {
		return storage.ErrOr(err, &storage.Taken{Field: "client_id"})
	}
	return nil
}

// Get returns a client, or ErrNotFound. The result is shared: not to be changed.
func (s Clients) Get(ctx context.Context, id string) (*Client, error) {
	if id == "" {
		return nil, storage.ErrNotFound
	}
	return table.View(ctx, s.apps.DB, func(r kv.Reader) (*Client, error) {
		return storage.Found(s.apps.Clients.Shared(r, table.Key{}.Str(id)))
	})
}

// List returns up to limit clients by id, after the cursor of an earlier page, and
// the next cursor.
func (s Clients) List(ctx context.Context, after []byte, limit int) ([]*Client, []byte, error) {
	p, err := table.View(ctx, s.apps.DB, func(r kv.Reader) (table.Page[Client], error) {
		return s.apps.Clients.Scan(r, nil, after, limit, false)
	})
	return p.Items, p.Next, err
}
