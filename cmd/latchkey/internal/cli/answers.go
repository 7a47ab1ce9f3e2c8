package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"latchkey/cmd/latchkey/internal/textutil"
)

// field is one line of an answer for a person.
type field struct{ name, value string }

// showFields writes fields in two columns, leaving out empty ones.
func (t *terminal) showFields(fields []field) error {
	w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	for _, f := range fields {
		if f.value == "" {
			continue
		}
		for i, line := range strings.Split(f.value, "\n") {
			name := f.name
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(w, "  %s\t%s\n", name, textutil.Printable(line))
		}
	}
	return w.Flush()
}

// textTable is a list for a person.
type textTable struct{ w *tabwriter.Writer }

func newTable(out io.Writer, heads ...string) textTable {
	t := textTable{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	t.row(heads...)
	return t
}

func (t textTable) row(cells ...string) {
	for i, c := range cells {
		if cells[i] = textutil.Printable(c); i < len(cells)-1 {
			cells[i] = short(cells[i])
		}
	}
	fmt.Fprintln(t.w, strings.Join(cells, "\t"))
}

// cellMost is how many characters of a name a column of a table has. Ids fit.
const cellMost = 40

// short cuts names, which have no bounds that a terminal knows. Those that verbs take
// are told whole by show and by --json.
func short(s string) string {
	if utf8.RuneCountInString(s) <= cellMost {
		return s
	}
	return string([]rune(s)[:cellMost-1]) + "…"
}

// ownOrSet is a choice that a client has made, or else that of the setting of this name.
func ownOrSet(own *bool, setting string) string {
	switch {
	case own == nil:
		return "as set: " + setting
	case *own:
		return "yes"
	}
	return "no"
}

func yes(b bool, word string) string {
	if b {
		return word
	}
	return ""
}
