package api

import (
	"context"
	"strconv"
	"strings"

	"latchkey/api/wire"
	"latchkey/storage"
	"latchkey/storage/apps"
	"latchkey/storage/people"

	"github.com/danielgtaylor/huma/v2"
)

// revised is a record with its revision as an entity tag (RFC 9110 section 8.8.3).
type revised[T any] struct {
	ETag string `header:"ETag" doc:"Of this revision, for If-Match"`
	Body T
}

// etag names a record and its revision: one that was deleted and made again under the
// same address is another.
func etag(id storage.ID, revision uint64) string {
	return `"` + id.String() + "." + strconv.FormatUint(revision, 10) + `"`
}

func tagOfUser(u *people.User) string { return etag(u.ID, u.Revision) }

func tagOfClient(c *apps.Client) string { return etag(c.UID, c.Revision) }

func tagOfResource(v *apps.Resource) string { return etag(v.ID, v.Revision) }

func revisedUser(u *people.User) *revised[wire.User] {
	return &revised[wire.User]{ETag: tagOfUser(u), Body: userOf(u)}
}

func (r *routes) revisedClient(ctx context.Context, c *apps.Client) (*revised[wire.Client], error) {
	v, err := r.shown(ctx, c)
	return &revised[wire.Client]{ETag: tagOfClient(c), Body: v}, err
}

func (r *routes) revisedResource(ctx context.Context, v *apps.Resource) (*revised[wire.Resource], error) {
	shown, err := r.resourceOf(ctx, v)
	return &revised[wire.Resource]{ETag: tagOfResource(v), Body: shown}, err
}

// errChanged refuses a change of what If-Match no longer names.
func errChanged(noun string) error {
	return huma.Error412PreconditionFailed("the " + noun + " was changed meanwhile: read it again, then decide again")
}

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
