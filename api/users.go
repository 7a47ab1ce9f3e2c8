package api

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"

	"latchkey/api/wire"
	"latchkey/internal/strictjson"
	"latchkey/storage"
	"latchkey/storage/people"
	"latchkey/storage/policy"
)

type bySub struct {
	Sub storage.ID `path:"sub"`
}

// cursor reads the next of an earlier page.
func cursor(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	after, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, &storage.Invalid{Field: "after", Reason: "must be the next of an earlier page"}
	}
	return after, nil
}

func (r *routes) users() {
	handle(r, "list-users", http.MethodGet, "/users", "List users, or find one", 200, r.listUsers, explained(paging))
	handle(r, "create-user", http.MethodPost, "/users", "Add a user", 201, r.createUser)
	handle(r, "upsert-user", http.MethodPut, "/users", "Make or change the user with an external id", 200,
		r.upsertUser, explained(upserting))
	handle(r, "import-users", http.MethodPost, "/users/import", "Import many users, with password hashes", 200,
		r.importUsers, large)
	handle(r, "get-user", http.MethodGet, "/users/{sub}", "Show a user", 200, r.getUser)
	handle(r, "change-user", http.MethodPatch, "/users/{sub}", "Change a user", 200, r.changeUser,
		problems(http.StatusPreconditionFailed))
	handle(r, "delete-user", http.MethodDelete, "/users/{sub}", "Delete a user", 204, r.deleteUser)
	handle(r, "set-password", http.MethodPut, "/users/{sub}/password", "Set a password and end every session", 200,
		r.setPassword)
	handle(r, "disable-user", http.MethodPut, "/users/{sub}/disabled", "Disable or enable a user", 200, r.disableUser)
	handle(r, "unlock-user", http.MethodPost, "/users/{sub}/unlock",
		"Take back a user's failed passwords, so that nobody waits", 200, r.unlockUser)
	handle(r, "set-patreon", http.MethodPut, "/users/{sub}/patreon", "Set a Patreon membership", 200, r.setPatreon)
}

func (r *routes) listUsers(ctx context.Context, in *struct {
	After string `query:"after" doc:"The next of the page before; left out: the first page"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Find  string `query:"find" minLength:"1" doc:"A sub, username, e-mail address or external id, looked for in this order: only that user"`
}) (*out[wire.Users], error) {
	if in.Find != "" {
		u, err := r.Operations.Store.Users.Find(ctx, in.Find)
		if errors.Is(err, storage.ErrNotFound) {
			return &out[wire.Users]{wire.Users{Users: []wire.User{}}}, nil
		}
		if err != nil {
			return nil, err
		}
		return &out[wire.Users]{wire.Users{Users: []wire.User{userOf(u)}}}, nil
	}
	after, err := cursor(in.After)
	if err != nil {
		return nil, err
	}
	list, next, err := r.Operations.Store.Users.List(ctx, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return pageOfUsers(list, next), nil
}

func pageOfUsers(list []*people.User, next []byte) *out[wire.Users] {
	page := wire.Users{Users: make([]wire.User, len(list)), Next: base64.RawURLEncoding.EncodeToString(next)}
	for i, u := range list {
		page.Users[i] = userOf(u)
	}
	return &out[wire.Users]{page}
}

func (r *routes) createUser(ctx context.Context, in *struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"Any text that is new with each request, and the same when it is sent again"`
	Body           wire.NewUser
	RawBody        []byte
}) (*made[wire.User], error) {
	return repeatable(ctx, r, repeat{"create-user", in.IdempotencyKey, in.RawBody},
		func(once policy.Once) (wire.User, error) { return r.addUser(ctx, once, in.Body) },
		func(sub string) (wire.User, error) {
			id, err := storage.ParseID(sub)
			if err != nil {
				return wire.User{}, err
			}
			u, err := r.Operations.Store.Users.Get(ctx, id)
			if err != nil {
				return wire.User{}, err
			}
			return userOf(u), nil
		})
}

func (r *routes) addUser(ctx context.Context, once policy.Once, n wire.NewUser) (wire.User, error) {
	u, err := r.Operations.AddUser(ctx, r.Actor(ctx), once, people.User{
		Username: n.Username, Email: n.Email, EmailVerified: n.EmailVerified,
		Profile: n.Claims, Roles: n.Roles, ExternalID: n.ExternalID,
	}, n.Password)
	if err != nil {
		return wire.User{}, err
	}
	return userOf(u), nil
}

func (r *routes) getUser(ctx context.Context, in *bySub) (*revised[wire.User], error) {
	u, err := r.Operations.Store.Users.Get(ctx, in.Sub)
	if err != nil {
		return nil, err
	}
	v := revisedUser(u)
	if v.Body.Groups, err = r.Operations.Store.Groups.Names(ctx, u.Groups); err != nil {
		return nil, err
	}
	guessed, err := r.Operations.Store.Attempts.Guessed(ctx, r.Actor(ctx), in.Sub)
	if err != nil {
		return nil, err
	}
	v.Body.Guessing = guessingOf(guessed)
	m, err := r.Operations.Store.Memberships.Get(ctx, in.Sub)
	if err == nil {
		v.Body.Patreon = membershipOf(m)
	} else if !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	return v, nil
}

// changeUser merges the request into the account as it stands: decoding JSON
// into a filled struct leaves alone what the text does not name.
func (r *routes) changeUser(ctx context.Context, in *struct {
	Sub     storage.ID `path:"sub"`
	IfMatch string     `header:"If-Match" doc:"The ETag of the user as it was read: it is changed only if it is still that"`
	Body    wire.Account
	RawBody []byte
}) (*revised[wire.User], error) {
	edit := func(have *people.User) (c people.UserChange, err error) {
		if !matches(in.IfMatch, tagOfUser(have)) {
			return c, errChanged("user")
		}
		merged := userOf(have).Account
		var said struct {
			EmailVerified *bool           `json:"email_verified"`
			Roles         *[]storage.Role `json:"roles"`
		}
		if err := errors.Join(strictjson.Unmarshal(in.RawBody, &merged),
			strictjson.Unmarshal(in.RawBody, &said)); err != nil {
			return c, &storage.Invalid{Field: "body", Reason: "must be a JSON object of fields to change"}
		}
		return people.UserChange{
			Username: &merged.Username, Email: &merged.Email, Profile: &merged.Claims, ExternalID: &merged.ExternalID,
			// Only when said: a new address is unverified unless the same
			// change vouches for it.
			EmailVerified: said.EmailVerified, Roles: said.Roles,
		}, nil
	}
	u, err := r.Operations.EditUser(ctx, r.Actor(ctx), in.Sub, edit)
	if errors.Is(err, storage.ErrStale) && in.IfMatch != "" {
		return nil, errChanged("user")
	}
	if err != nil {
		return nil, err
	}
	return revisedUser(u), nil
}

func (r *routes) deleteUser(ctx context.Context, in *bySub) (*none, error) {
	return nil, r.Operations.Store.Users.Delete(ctx, r.Actor(ctx), in.Sub)
}

func (r *routes) setPassword(ctx context.Context, in *struct {
	Sub  storage.ID `path:"sub"`
	Body struct {
		Password string `json:"password" writeOnly:"true"`
	}
}) (*revised[wire.User], error) {
	u, err := r.Operations.SetPassword(ctx, r.Actor(ctx), in.Sub, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return revisedUser(u), nil
}

func (r *routes) disableUser(ctx context.Context, in *struct {
	Sub  storage.ID `path:"sub"`
	Body struct {
		Disabled bool `json:"disabled"`
	}
}) (*revised[wire.User], error) {
	act := r.Operations.Store.Users.Enable
	if in.Body.Disabled {
		act = r.Operations.Store.Users.Disable
	}
	u, err := act(ctx, r.Actor(ctx), in.Sub)
	if err != nil {
		return nil, err
	}
	return revisedUser(u), nil
}

func (r *routes) unlockUser(ctx context.Context, in *bySub) (*revised[wire.User], error) {
	if err := r.Operations.Store.Attempts.Unlock(ctx, r.Actor(ctx), in.Sub); err != nil {
		return nil, err
	}
	return r.getUser(ctx, in)
}

func (r *routes) setPatreon(ctx context.Context, in *struct {
	Sub  storage.ID `path:"sub"`
	Body wire.Membership
}) (*revised[wire.User], error) {
	if err := r.Operations.Store.Memberships.Set(ctx, r.Actor(ctx), storedMembership(in.Sub, in.Body)); err != nil {
		return nil, err
	}
	return r.getUser(ctx, &bySub{in.Sub})
}
