package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Eval evaluates a JavaScript expression in the page and decodes its value
// (awaiting it, if it is a promise). The page's policy and NoScript do not
// apply to it. It is meant for looking, not for acting in a person's place.
func Eval[T any](b *Tab, expression string) T {
	b.t.Helper()
	return run(b, "evaluating "+expression, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Title returns the document's title.
func (b *Tab) Title() string {
	b.t.Helper()
	return Eval[string](b, `document.title`)
}

// HTML returns the document as the browser holds it now.
func (b *Tab) HTML() string {
	b.t.Helper()
	return Eval[string](b, `document.documentElement.outerHTML`)
}

// Has reports whether an element matches the CSS selector now.
func (b *Tab) Has(selector string) bool {
	b.t.Helper()
	return Eval[bool](b, fmt.Sprintf(`document.querySelector(%s) !== null`, quote(selector)))
}

// Text waits for an element that can be seen and returns the text a person
// reads in it.
func (b *Tab) Text(selector string) string {
	b.t.Helper()
	return strings.TrimSpace(b.find("reading", selector, `e => ({text: e.innerText})`).Text)
}

// Fill waits for an input, empties it and types value into it. On a select it
// chooses the option with that value.
func (b *Tab) Fill(selector, value string) {
	b.t.Helper()
	found := b.find("filling", selector, fillable)
	if found.Choice {
		Eval[bool](b, fmt.Sprintf(`(e => { e.value = %s; e.dispatchEvent(new Event("change", {bubbles: true})); return true })(document.querySelector(%s))`,
			quote(value), quote(selector)))
	} else {
		run(b, "typing into "+selector, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			// The old text is selected; typing replaces it, also by nothing.
			if value == "" {
				_, err := chromedp.KeyEvent("\b")(ctx, target)
				return err
			}
			_, err := cdp.Call(ctx, target, input.InsertText, input.InsertTextParams{Text: value})
			return err
		}))
	}
	if got := Eval[string](b, fmt.Sprintf(`document.querySelector(%s).value`, quote(selector))); got != value {
		b.t.Fatalf("%s holds %q after typing %q", selector, got, value)
	}
}

const fillable = `e => {
	if (e.disabled || e.readOnly) return {why: "it cannot be changed"};
	e.focus();
	if (document.activeElement !== e) return {why: "it takes no focus"};
	if (e.tagName === "SELECT") return {choice: true};
	e.select();
	return {};
}`

// Click waits until a person could click the element and clicks it. It does
// not wait for what happens then: use Follow for a link or a submit button.
func (b *Tab) Click(selector string) {
	b.t.Helper()
	at := b.find("clicking", selector, clickable)
	run(b, "clicking "+selector, chromedp.MouseClickXY(at.X, at.Y))
}

// Follow clicks the element and waits until the navigation it starts has
// ended: in a loaded page, or without one where no page answers.
func (b *Tab) Follow(selector string) {
	b.t.Helper()
	at := b.find("clicking", selector, clickable)
	b.navigate("following "+selector, func(ctx context.Context, target *chromedp.Target) error {
		_, err := chromedp.MouseClickXY(at.X, at.Y)(ctx, target)
		return err
	})
}

const clickable = `e => {
	if (e.disabled) return {why: "it is disabled"};
	e.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
	const r = e.getClientRects()[0];
	const x = r.left + r.width / 2, y = r.top + r.height / 2;
	const hit = document.elementFromPoint(x, y);
	const label = hit && hit.closest("label");
	if (!hit || !(e.contains(hit) || label && label.control === e))
		return {why: "it lies under " + (hit ? hit.cloneNode(false).outerHTML : "nothing")};
	return {x, y};
}`

// found is what a probe of an element answers. Why says what is amiss yet.
type found struct {
	Why    string  `json:"why"`
	Text   string  `json:"text"`
	Choice bool    `json:"choice"`
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
}

// find asks the page about an element until the probe finds nothing amiss.
func (b *Tab) find(doing, selector, probe string) found {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, deadline)
	defer cancel()
	for {
		f := b.probe(ctx, selector, probe)
		if f.Why == "" {
			return f
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			b.fail(doing+" "+selector, errors.New(f.Why))
		}
	}
}

// probe asks the page about an element once.
func (b *Tab) probe(ctx context.Context, selector, probe string) found {
	f, err := chromedp.Run(ctx, chromedp.Evaluate[found](fmt.Sprintf(`((selector, probe) => {
		const e = document.querySelector(selector);
		if (!e) return {why: "there is no such element"};
		if (!e.checkVisibility({visibilityProperty: true})) return {why: "it cannot be seen"};
		return probe(e);
	})(%s, %s)`, quote(selector), probe)))
	if err != nil {
		// Most often the document is just being replaced by the next one.
		return found{Why: err.Error()}
	}
	return f
}

// quote writes s as a JavaScript string. JSON is a subset of JavaScript.
func quote(s string) string {
	j, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return string(j)
}
