package authorize

import (
	"net/url"
	"slices"
	"strings"

	"latchkey/op/oauth"
	"latchkey/op/tokens"
	"latchkey/op/userclaims"
	"latchkey/storage/apps"
)

// readScopes keeps the scopes on offer that this client may ask for, in the order
// sent. Others are left out, and the answer's scope says so (RFC 6749 section 3.3);
// nothing left is an error. Where resources are named (RFC 8707 section 2.1), so are
// the scopes of all others, and a resource named without any scope of its own stands
// for what cover says.
func (h *Handler) readScopes(q *Request, all *apps.Catalogue) func(*apps.Client, url.Values) *fault {
	return func(c *apps.Client, form url.Values) *fault {
		resources := oauth.NonEmpty(form["resource"])
		named, f := h.namedResources(all, resources)
		if f != nil {
			return f
		}
		asked := strings.Fields(form.Get("scope"))
		for _, s := range asked {
			o := all.Offer(s)
			if o != nil && (len(resources) == 0 || o.Resource == nil || among(named, o.Resource)) {
				q.want(c, o)
			}
		}
		for _, r := range named {
			if f := q.cover(c, all, r, asked); f != nil {
				return f
			}
		}
		switch {
		case len(q.Scopes) == 0 && len(asked) == 0:
			return faulty("invalid_scope", "scope is missing: openid is the one to begin with")
		case len(q.Scopes) == 0 && slices.ContainsFunc(asked, oauth.NearOpenID):
			return faulty("invalid_scope", "the scope is spelled openid: scopes are compared letter by letter")
		case len(q.Scopes) == 0:
			return faulty("invalid_scope", "none of the scopes asked for may be asked for by this client")
		case len(q.Scopes) > tokens.MaxScopes:
			return faulty("invalid_scope", "more than %d scopes at once", tokens.MaxScopes)
		}
		return nil
	}
}

// want adds a scope that the client may ask for.
func (q *Request) want(c *apps.Client, o *apps.Offer) {
	if mayAsk(c, o.Scope) && !slices.Contains(q.Scopes, o.Name) {
		q.Scopes = append(q.Scopes, o.Name)
	}
}

// cover makes sure that the request asks something of a resource that it names. One
// named without any scope of its own stands for those the client is registered for, and
// for open ones only if they are marked as default.
func (q *Request) cover(c *apps.Client, all *apps.Catalogue, r *apps.Resource, asked []string) *fault {
	if len(userclaims.Intersect(r.Scopes, asked)) == 0 {
		for _, s := range r.Scopes {
			if o := all.Offer(s); o != nil && (o.Default || c.Registered(s)) {
				q.want(c, o)
			}
		}
	}
	if len(userclaims.Intersect(r.Scopes, q.Scopes)) == 0 {
		return faulty("invalid_target", "this client may not ask for the scopes of the resource %s that the request is about; an open one is asked for by its name", r.Identifier)
	}
	return nil
}

// namedResources are those that a request names, without this provider itself.
func (h *Handler) namedResources(all *apps.Catalogue, identifiers []string) (named []*apps.Resource, _ *fault) {
	for _, id := range identifiers {
		if err := apps.ResourceURI(id); err != nil {
			return nil, faulty("invalid_target", "resource %v", err)
		}
		r := all.Resource(id)
		if r == nil && !apps.SameIdentifier(id, h.Issuer) {
			f := faulty("invalid_target",
				"the resource %s is not registered here, or not in use: whoever runs this provider adds it, spelled like that, by latchkey resource add", oauth.Printable(id))
			f.quoted = oauth.Printable(id)
			return nil, f
		}
		if r != nil && !among(named, r) {
			named = append(named, r)
		}
	}
	return named, nil
}

func among(all []*apps.Resource, r *apps.Resource) bool {
	return slices.ContainsFunc(all, func(o *apps.Resource) bool { return o.ID == r.ID })
}
