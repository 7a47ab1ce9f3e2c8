package storage

import (
	"context"

	"latchkey/storage/kv"
)

// ClientImported is what became of one client. Err says why it was refused:
// *Invalid or *Taken.
type ClientImported struct {
	Outcome Outcome
	Client  *Client // nil if refused
	Err     error
}

// ClientImportMost is how many clients one import takes: fewer than users, since
// their records may be larger.
const ClientImportMost = 20

// Import registers clients that another system had, in one commit. Each is taken
// whole or refused whole; a refused one does not hold up the others. A dry run says
// what would happen, and keeps nothing. Errors: ErrForbidden, *Invalid if there are
// too many.
func (s Clients) Import(ctx context.Context, by Actor, dry bool, clients []NewClient) ([]ClientImported, error) {
	if err := by.mayManage(); err != nil {
		return nil, err
	}
	if len(clients) > ClientImportMost {
		return nil, invalid("clients", "must be at most %d at once", ClientImportMost)
	}
	ready := make([]clientImport, len(clients))
	for i, n := range clients {
		c, err := s.prepare(n)
		ready[i] = clientImport{client: c, fault: err, note: s.b.note(by, ActClientCreated)}
	}
	return importAll(ctx, s.b, dry, ready, func(tx kv.Txn, e clientImport) (ClientImported, error) {
		c, err := s.b.importClient(tx, e)
		if refusal(err) {
			return ClientImported{Outcome: Refused, Err: err}, nil
		}
		return ClientImported{Outcome: Created, Client: c}, err
	})
}

// clientImport is a client with all that must not be made within a transaction.
type clientImport struct {
	client Client
	fault  error
	note   Event
}

func (b *base) importClient(tx kv.Txn, e clientImport) (*Client, error) {
	if e.fault != nil {
		return nil, e.fault
	}
	return b.addClient(tx, e.client, e.note)
}
