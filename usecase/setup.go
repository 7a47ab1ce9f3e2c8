package usecase

import (
	"context"

	"latchkey/storage"
	"latchkey/storage/people"
)

// SetUp is a link to make the first administrator that was opened, and not yet used.
type SetUp struct{ link []byte }

// OpenSetUp looks at a link and uses nothing up: mail scanners and messengers open links
// before people do. Errors: storage.ErrSetUp if there is an administrator, storage.ErrLink.
func (o *Operations) OpenSetUp(ctx context.Context, token string) (*SetUp, error) {
	done, err := o.Store.Users.HasAdmin(ctx)
	if err != nil {
		return nil, err
	}
	if done {
		return nil, storage.ErrSetUp
	}
	_, hash, err := o.lookUp(ctx, token, people.LinkSetUp)
	if err != nil {
		return nil, err
	}
	return &SetUp{link: hash}, nil
}

// SetUp makes the first administrator, with a password, and uses the link up. Errors:
// *keys.PasswordError, keys.ErrBusy, storage.ErrSetUp, storage.ErrLink, *storage.Invalid,
// *storage.Taken.
func (o *Operations) SetUp(ctx context.Context, s *SetUp, requestID string, admin people.User,
	password string) (*people.User, error) {
	admin.ID = o.Store.Users.NewID()
	sealed, err := o.sealPassword(ctx, &admin, password)
	if err != nil {
		return nil, err
	}
	admin.Password = sealed
	return o.Store.Users.SetUp(ctx, s.link, requestID, admin)
}
