package page

import (
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"
)

// Key names a sentence of the message catalogue.
type Key string

// Text is a sentence of the catalogue with what is to be filled in. Handlers
// pass it about; only a template turns it into words, in the reader's language.
type Text struct {
	key     Key
	args    []any // strings, numbers, or Texts
	counted bool  // the first argument decides between one and many
}

// Say returns the sentence k with its arguments.
func Say(k Key, args ...any) Text { return Text{key: k, args: args} }

// Count returns the form of the sentence k that fits n, which is its first
// argument.
func Count(k Key, n int, args ...any) Text {
	return Text{key: k, args: append([]any{n}, args...), counted: true}
}

// IsZero reports whether there is nothing to say.
func (t Text) IsZero() bool { return t.key == "" }

// seconds is a span of time in whole seconds, rounded up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// wait is a span of time in words, rounded up: whoever waits that long is never
// too early.
func wait(d time.Duration) Text {
	if d <= time.Minute {
		return Count("wait.seconds", max(1, int((d+time.Second-1)/time.Second)))
	}
	if d < 2*time.Hour || d%time.Hour != 0 {
		return Count("wait.minutes", int((d+time.Minute-1)/time.Minute))
	}
	return Count("wait.hours", int(d/time.Hour))
}

// message looks the sentence up. The forms of a counted sentence are entries of
// their own, named like CLDR's plural categories.
func (c *catalogue) message(t Text) (string, error) {
	k := t.key
	if t.counted {
		n, _ := t.args[0].(int)
		k += "." + Key(c.plural(n))
	}
	m, ok := c.messages[k]
	if !ok {
		return "", fmt.Errorf("page: no message %q in the %s catalogue", k, c.lang)
	}
	return m, nil
}

// plain is the sentence as text, for titles, attributes and simple paragraphs.
func (c *catalogue) plain(t Text) (string, error) {
	return c.fill(t, func(s string) string { return s }, func(s string) string { return s })
}

// rich is the sentence as HTML, its arguments set apart: emphasised, and with a
// text direction of their own, so that a name in another script (or one that
// means mischief) cannot rearrange the sentence it stands in.
func (c *catalogue) rich(t Text) (template.HTML, error) {
	s, err := c.fill(t, template.HTMLEscapeString, func(arg string) string {
		return `<strong dir="auto">` + template.HTMLEscapeString(arg) + `</strong>`
	})
	// Both halves were escaped just above; the tags are ours.
	return template.HTML(s), err //nolint:gosec // G203: see above
}

// fill replaces {1}, {2} … by the arguments. Every argument must have its place
// and every place its argument.
func (c *catalogue) fill(t Text, words, argument func(string) string) (string, error) {
	m, err := c.message(t)
	if err != nil {
		return "", err
	}
	used := 0
	var b strings.Builder
	for m != "" {
		open := strings.IndexByte(m, '{')
		if open < 0 || open+2 >= len(m) {
			break
		}
		i := int(m[open+1] - '1')
		if i < 0 || i >= len(t.args) || m[open+2] != '}' {
			return "", fmt.Errorf("page: message %q has no argument for %q", t.key, m[open:open+3])
		}
		arg, err := c.argument(t.args[i])
		if err != nil {
			return "", err
		}
		b.WriteString(words(m[:open]))
		b.WriteString(argument(arg))
		m, used = m[open+3:], used|1<<i
	}
	if used != 1<<len(t.args)-1 && !t.counted {
		return "", fmt.Errorf("page: message %q does not use all of its %d arguments", t.key, len(t.args))
	}
	b.WriteString(words(m))
	return b.String(), nil
}

func (c *catalogue) argument(v any) (string, error) {
	switch v := v.(type) {
	case Text:
		return c.plain(v)
	case string:
		return oneLine(v), nil
	default:
		return fmt.Sprint(v), nil
	}
}

// oneLine drops what a name has no use for: control characters, and the marks
// that reorder text around them (Unicode TR 36, section 2.3).
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069',
			r == '\u200e', r == '\u200f', r == '\u061c', r == '\ufeff':
			return -1
		}
		return r
	}, s)
}
