package apps

import (
	"bytes"
	"context"
	"time"

	"latchkey/storage"
	"latchkey/storage/audit"
	"latchkey/storage/kv"
	"latchkey/storage/table"
)

// ClientImport is one client as another system has it.
type ClientImport struct {
	// NewClient is the whole client as it is to be. Of one that exists, an empty State
	// and no secret mean those it has.
	NewClient
	// Revision is that of the client it was made from; 0: it is to be a new one.
	Revision uint64
}

// ClientImported is what became of one client. Err says why it was refused:
// *Invalid, *Taken, or ErrStale if it was changed meanwhile.
type ClientImported struct {
	Outcome table.Outcome
	Client  *Client // nil if refused
	Err     error
}

// ClientImportMost is how many clients one import takes: fewer than users, since
// their records may be larger.
const ClientImportMost = 20

// Import registers or changes clients that another system has, in one commit. Each
// is taken whole or refused whole; a refused one does not hold up the others, and one
// that would not change is not written, so that an import may be repeated. A dry run
// says what would happen, and keeps nothing. Errors: ErrForbidden, *Invalid if there
// are too many.
func (s Clients) Import(ctx context.Context, by storage.Actor, dry bool, clients []ClientImport) ([]ClientImported,
	error) {
	if err := by.MayManage(); err != nil {
		return nil, err
	}
	if len(clients) > ClientImportMost {
		return nil, storage.Invalidf("clients", "must be at most %d at once", ClientImportMost)
	}
	ready := make([]clientImport, len(clients))
	for i, n := range clients {
		ready[i] = s.readyImport(by, n)
	}
	return table.ImportAll(ctx, s.apps.DB, dry, ready, func(tx kv.Txn, e clientImport) (ClientImported, error) {
		done, err := s.apps.importClient(tx, e)
		if table.Refusal(err) {
			return ClientImported{Outcome: table.Refused, Err: err}, nil
		}
		return done, err
	})
}

// clientImport is a client with all that must not be made within a transaction.
type clientImport struct {
	ClientImport
	client Client // as it is to be
	now    time.Time
	notes  [3]audit.Event
	fault  error
}

func (s Clients) readyImport(by storage.Actor, n ClientImport) clientImport {
	e := clientImport{ClientImport: n, now: s.apps.DB.Instant()}
	if n.Revision == 0 {
		e.client, e.fault = s.prepareClient(n.NewClient)
	} else {
		e.client = Client{ID: n.ID, Secrets: s.firstSecret(n.NewClient, e.now)}
		if n.State != "" {
			e.fault = n.State.validate()
		}
	}
	for i, act := range []audit.Act{audit.ActClientCreated, audit.ActClientState, audit.ActSecretRotated} {
		e.notes[i] = s.apps.Trail.Note(by, act)
	}
	return e
}

func (a *Apps) importClient(tx kv.Txn, e clientImport) (ClientImported, error) {
	if e.fault != nil {
		return ClientImported{}, e.fault
	}
	if e.Revision != 0 {
		return a.importClientChange(tx, e)
	}
	c, err := a.addClient(tx, e.client, e.notes[0])
	return ClientImported{Outcome: table.Created, Client: c}, err
}

// importClientChange writes nothing before it is sure that nothing will be refused.
func (a *Apps) importClientChange(tx kv.Txn, e clientImport) (ClientImported, error) {
	c, err := a.Clients.Get(tx, table.Key{}.Str(e.ID))
	if err != nil || c == nil || c.Revision != e.Revision {
		return ClientImported{}, storage.ErrOr(err, storage.ErrStale)
	}
	c.fill() // what it predates is no change
	was := *c
	before, err := table.Encode(c)
	if err != nil {
		return ClientImported{}, err
	}
	events, err := e.apply(c)
	if err != nil {
		return ClientImported{}, err
	}
	after, err := table.Encode(c)
	if err != nil || bytes.Equal(before, after) {
		return ClientImported{Outcome: table.Unchanged, Client: c}, err
	}
	if err := a.checkClient(tx, c); err != nil {
		return ClientImported{}, err
	}
	events[0].With(clientChanges(&was, c))
	c.Revision++
	c.Updated = e.now
	if err := a.Clients.Put(tx, c); err != nil {
		return ClientImported{}, err
	}
	for _, event := range events {
		if err := a.Trail.Audit.Put(tx, event); err != nil {
			return ClientImported{}, err
		}
	}
	return ClientImported{Outcome: table.Changed, Client: c}, nil
}

// apply makes c what the entry says, and returns what that is to the audit trail.
func (e *clientImport) apply(c *Client) ([]*audit.Event, error) {
	changed := e.notes[0]
	changed.Act = audit.ActClientChanged
	hadNone, detail := !c.Metadata.UsesSecret(), string(c.State)+" to "+string(e.State)
	c.Metadata = e.Metadata
	c.fill()
	events := []*audit.Event{changed.About(storage.ID{}, c.ID, c.Name())}
	if e.State != "" && e.State != c.State {
		c.setState(e.State)
		events = append(events, e.notes[1].About(storage.ID{}, c.ID, detail))
	}
	switch fresh := e.client.Secrets; {
	case !c.Metadata.UsesSecret():
		c.Secrets = nil
	case len(fresh) > 0:
		c.Secrets = fresh
		events = append(events, e.notes[2].About(storage.ID{}, c.ID, fresh[0].Last4))
	case hadNone:
		return nil, storage.Invalidf("client_secret", "or client_secret_hash must be given for a client that had none")
	}
	return events, nil
}
