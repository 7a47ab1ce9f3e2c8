package api

import (
	"context"
	"strconv"
	"strings"

	"latchkey/storage"

	"github.com/danielgtaylor/huma/v2"
)

// revisedUser is a user with its revision as an entity tag.
type revisedUser struct {
	ETag string `header:"ETag" doc:"Of this revision, for If-Match"`
	Body User
}

func userRevised(u *storage.User) *revisedUser {
	return &revisedUser{ETag: userTag(u), Body: userOf(u)}
}

// userTag names an account's revision; the address names the account, which is never
// another's.
func userTag(u *storage.User) string { return `"` + strconv.FormatUint(u.Revision, 10) + `"` }

// revised is a client with its revision as an entity tag (RFC 9110 section 8.8.3).
type revised struct {
	ETag string `header:"ETag" doc:"Of this revision, for If-Match"`
	Body Client
}

func (r *routes) revised(ctx context.Context, c *storage.Client) (*revised, error) {
	v, err := r.shown(ctx, c)
	return &revised{ETag: etag(c), Body: v}, err
}

// etag names a registration and its revision: a client deleted and added again under
// one id is another.
func etag(c *storage.Client) string {
	return `"` + c.UID.String() + "." + strconv.FormatUint(c.Revision, 10) + `"`
}

var (
	errChanged     = huma.Error412PreconditionFailed("the client was changed meanwhile: read it again, then decide again")
	errUserChanged = huma.Error412PreconditionFailed("the user was changed meanwhile: read it again, then decide again")
)

// matches evaluates If-Match (RFC 9110 section 13.1.1): none, any, or a list of which
// one must be equal. Weak tags are never equal.
func matches(header, tag string) bool {
	if header == "" {
		return true
	}
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimSpace(one); one == "*" || one == tag {
			return true
		}
	}
	return false
}
