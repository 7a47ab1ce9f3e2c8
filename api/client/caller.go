package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"latchkey/api/wire"
	"latchkey/storage"
)

// Caller is the Go client of the API. A refusal is a *[Problem].
type Caller struct {
	http *http.Client
	base string // in front of Prefix; "": this machine

	offer atomic.Pointer[offer] // of the server at base, once it was asked for
}

// Local returns a Caller of the server on this machine that t leads to.
func Local(t http.RoundTripper) *Caller {
	return &Caller{http: &http.Client{Transport: t, CheckRedirect: sendNoFurther}}
}

// InProcess returns a Caller of a handler in the same process.
func InProcess(h http.Handler) *Caller { return Local(direct{h}) }

// Close gives up idle connections.
func (c *Caller) Close() { c.http.CloseIdleConnections() }

// call sends in as JSON, if it is not nil, and reads the answer into a T.
func call[T any](ctx context.Context, c *Caller, method, path string, in any) (T, error) {
	var answer T
	where, _, _ := strings.Cut(path+"?", "?")
	if strings.HasSuffix(path, "=") || strings.HasSuffix(where, "/") || strings.Contains(where, "//") {
		return answer, fmt.Errorf("an empty name: %w", storage.ErrNotFound)
	}
	var body io.Reader
	if in != nil {
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false) // which makes six bytes of one
		if err := e.Encode(in); err != nil {
			return answer, err
		}
		body = &text
	}
	req, err := http.NewRequestWithContext(ctx, method, cmp.Or(c.base, "http://latchkey")+wire.Prefix+path, body)
	if err != nil {
		return answer, err
	}
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer, fmt.Errorf("%s: %w", cmp.Or(c.base, "the server did not answer"), cause(err))
	}
	defer res.Body.Close()
	if c.base != "" && (res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusMethodNotAllowed) {
		if err := c.offered(ctx, method, path); err != nil {
			return answer, err
		}
	}
	return decode[T](res)
}

// cause takes the method and address, which say nothing here, off an error of
// the HTTP client.
func cause(err error) error {
	if at := new(url.Error); errors.As(err, &at) {
		return at.Err
	}
	return err
}

// answerMost is more bytes than any answer has, which is a hundred records at most.
var answerMost = 64 << 20

func read(res *http.Response) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(res.Body, int64(answerMost)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the answer broke off: %w", err)
	case len(text) > answerMost:
		return nil, errors.New("the answer is longer than any that this version expects")
	}
	return text, nil
}

func decode[T any](res *http.Response) (answer T, err error) {
	text, err := read(res)
	if err != nil {
		return answer, err
	}
	switch {
	case res.StatusCode >= http.StatusMultipleChoices:
		p := &wire.Problem{}
		if json.Unmarshal(text, p) != nil || p.Status == 0 {
			p = &wire.Problem{Status: res.StatusCode,
				Title: fmt.Sprintf("the server answered %s, not as Latchkey does: is a proxy in the way?", res.Status)}
		}
		return answer, p
	case res.StatusCode == http.StatusNoContent:
		return answer, nil
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return answer, fmt.Errorf("the answer is not what this version expects: %w", err)
	}
	return answer, checkIdentity(answer)
}

// FindUser returns the user with that username, e-mail address or sub, or an
// error that is storage.ErrNotFound.
func (c *Caller) FindUser(ctx context.Context, name string) (wire.User, error) {
	page, err := call[wire.Users](ctx, c, http.MethodGet, "/users"+query("find", name), nil)
	return only("user", name, page.Users, err)
}

// only returns the one record that a search for a name has found. An empty name is not
// searched for: see call.
func only[T any](noun, name string, found []T, err error) (one T, _ error) {
	switch {
	case err != nil:
		return one, err
	case len(found) == 0:
		return one, fmt.Errorf("%s %q: %w", noun, name, storage.ErrNotFound)
	case len(found) > 1:
		return one, fmt.Errorf("the answer is not what this version expects: it has %d records for one name",
			len(found))
	}
	return found[0], checkIdentity(found[0])
}

// identity is what a record is known by, without which it is worth nothing. known: v is
// such a record.
func identity(v any) (id string, known bool) {
	switch v := v.(type) {
	case wire.User:
		return v.Sub, true
	case wire.Client:
		return v.ClientID, true
	case wire.Group:
		return v.ID, true
	case wire.Resource:
		return v.ID, true
	case wire.Link:
		return v.URL, true
	}
	return "", false
}

// checkIdentity refuses a record without its id: something else has answered, and what
// is done next would be done to nobody or to another.
func checkIdentity(v any) error {
	if id, known := identity(v); known && id == "" {
		return errors.New("the answer is not what this version expects: it does not say what it is about")
	}
	return nil
}

// Users walks all users, oldest first, fetching page after page.
func (c *Caller) Users(ctx context.Context) iter.Seq2[wire.User, error] {
	return pages(func(after string) ([]wire.User, string, error) {
		p, err := call[wire.Users](ctx, c, http.MethodGet, "/users"+next(after), nil)
		return p.Users, p.Next, err
	})
}

// Clients walks all clients by id, fetching page after page.
func (c *Caller) Clients(ctx context.Context) iter.Seq2[wire.Client, error] {
	return pages(func(after string) ([]wire.Client, string, error) {
		p, err := call[wire.Clients](ctx, c, http.MethodGet, "/clients"+next(after), nil)
		return p.Clients, p.Next, err
	})
}

// Groups walks all groups, oldest first, fetching page after page.
func (c *Caller) Groups(ctx context.Context) iter.Seq2[wire.Group, error] {
	return pages(func(after string) ([]wire.Group, string, error) {
		p, err := call[wire.Groups](ctx, c, http.MethodGet, "/groups"+next(after), nil)
		return p.Groups, p.Next, err
	})
}

// Resources walks all resources, oldest first, fetching page after page.
func (c *Caller) Resources(ctx context.Context) iter.Seq2[wire.Resource, error] {
	return pages(func(after string) ([]wire.Resource, string, error) {
		p, err := call[wire.Resources](ctx, c, http.MethodGet, "/resources"+next(after), nil)
		return p.Resources, p.Next, err
	})
}

// Members walks all members of a group, the oldest account first.
func (c *Caller) Members(ctx context.Context, group string) iter.Seq2[wire.User, error] {
	return pages(func(after string) ([]wire.User, string, error) {
		p, err := call[wire.Users](ctx, c, http.MethodGet, path("/groups/", group)+"/members"+next(after), nil)
		return p.Users, p.Next, err
	})
}

func pages[T any](fetch func(after string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for after := ""; ; {
			items, next, err := fetch(after)
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for _, item := range items {
				if !yield(item, checkIdentity(item)) {
					return
				}
			}
			if next == "" {
				return
			}
			after = next
		}
	}
}

// path is where a noun's record stands. No id leads to another address: . and .. are
// names of directories there, and call refuses an empty one.
func path(noun, id string) string {
	if id == "." || id == ".." {
		return noun + strings.ReplaceAll(id, ".", "%2E")
	}
	return noun + url.PathEscape(id)
}

// query is a query of one parameter.
func query(name, value string) string { return "?" + name + "=" + url.QueryEscape(value) }

// next is the query for the page after a cursor; empty: the first one.
func next(after string) string {
	if after == "" {
		return ""
	}
	return query("after", after)
}

// sendNoFurther makes a redirect an answer: the request has been done or it has not, and
// a DELETE that goes on as a GET has not.
func sendNoFurther(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
