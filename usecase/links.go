package usecase

import (
	"context"
	"net/url"
	"time"

	"latchkey/keys"
	"latchkey/storage"
	"latchkey/storage/people"
)

// The paths of the pages that one-time links lead to.
const (
	PathSetUp   = "/setup"
	PathRecover = "/recover"
)

// Link is a one-time link.
type Link struct {
	URL     string
	Expires time.Time
}

// SetUpLink makes the link that makes the first administrator. Errors: storage.ErrSetUp if
// there is one already, storage.ErrForbidden.
func (o *Operations) SetUpLink(ctx context.Context, by storage.Actor) (Link, error) {
	return o.link(ctx, by, people.LinkSetUp, PathSetUp, storage.ID{})
}

// RecoveryLink makes a link by which a user sets a new password. Errors:
// storage.ErrNotFound, storage.ErrForbidden.
func (o *Operations) RecoveryLink(ctx context.Context, by storage.Actor, user storage.ID) (Link, error) {
	return o.link(ctx, by, people.LinkRecovery, PathRecover, user)
}

func (o *Operations) link(ctx context.Context, by storage.Actor, kind people.LinkKind, path string,
	user storage.ID) (Link, error) {
	token, hash := keys.NewOneTime()
	expires, err := o.Store.Links.Create(ctx, by, kind, user, hash)
	if err != nil {
		return Link{}, err
	}
	// A query is never logged.
	return Link{URL: o.Issuer + path + "?" + url.Values{"token": {token}}.Encode(), Expires: expires}, nil
}

// lookUp finds a live link by its token. The error is storage.ErrLink if there is none.
func (o *Operations) lookUp(ctx context.Context, token string, kind people.LinkKind) (*people.Link, []byte, error) {
	hash, err := keys.HashOneTime(token)
	if err != nil {
		return nil, nil, storage.ErrLink
	}
	link, err := o.Store.Links.Look(ctx, hash, kind)
	return link, hash, err
}
