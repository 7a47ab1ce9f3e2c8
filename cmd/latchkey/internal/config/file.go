package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"latchkey/cmd/latchkey/internal/textutil"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// given is a setting as a file gives it. A list may be empty; values of any
// other setting have one element.
type given struct {
	setting setting
	values  []string
	source  string
}

// parseFile reads the settings of a YAML file. It walks the syntax tree rather
// than decoding into Config, so that everything it refuses has a line.
func parseFile(path string, text []byte) ([]given, error) {
	tree, err := parser.ParseBytes(text, parser.ParseComments)
	if syntax := new(yaml.SyntaxError); errors.As(err, &syntax) {
		// Not the error itself, which quotes the file and so, perhaps, a key.
		return nil, fmt.Errorf("%s line %d: this is not YAML: %s", path, syntax.Token.Position.Line, syntax.Message)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: this is not YAML", path)
	}
	w := walk{path: path}
	if len(tree.Docs) > 1 {
		return nil, fmt.Errorf("%s: must be one document, without a line of dashes in between", path)
	}
	for _, doc := range tree.Docs {
		w.group("", doc.Body)
	}
	return w.found, errors.Join(w.faults...)
}

type walk struct {
	path   string
	found  []given
	faults []error
}

func (w *walk) refuse(at ast.Node, format string, args ...any) {
	line := at.GetToken().Position.Line
	w.faults = append(w.faults, fmt.Errorf("%s line %d: %s", w.path, line, fmt.Sprintf(format, args...)))
}

// group reads the settings below prefix ("" or "tls.").
func (w *walk) group(prefix string, node ast.Node) {
	switch n := node.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
	case *ast.MappingNode:
		for _, entry := range n.Values {
			w.entry(prefix, entry)
		}
	case *ast.MappingValueNode:
		w.entry(prefix, n)
	default:
		if prefix == "" {
			w.refuse(n, "must be settings, each as “name: value”")
			return
		}
		w.refuse(n, "%s is a group: its settings stand below it, indented", strings.TrimSuffix(prefix, "."))
	}
}

func (w *walk) entry(prefix string, entry *ast.MappingValueNode) {
	key := prefix + entry.Key.GetToken().Value
	for _, s := range settings {
		if s.key == key {
			w.value(s, entry)
			return
		}
		if strings.HasPrefix(s.key, key+".") {
			w.group(key+".", entry.Value)
			return
		}
	}
	w.refuse(entry.Key, "%q is not a setting%s", key, textutil.Hint("; the nearest one is %q", key, settingKeys()))
}

// value reads one setting. An empty value leaves the default in force.
func (w *walk) value(s setting, entry *ast.MappingValueNode) {
	source := fmt.Sprintf("%s line %d", w.path, entry.Key.GetToken().Position.Line)
	switch n := entry.Value.(type) {
	case *ast.NullNode:
		if isUnquotedColour(n) {
			w.refuse(entry.Key, "%s needs quotes: in YAML, # begins a comment", s.key)
		}
	case *ast.SequenceNode:
		if s.list == nil {
			w.refuse(entry.Key, "%s takes one value, not a list", s.key)
			return
		}
		w.sequence(s, n, source)
	default:
		text, ok := scalar(n)
		switch {
		case !ok:
			w.refuse(entry.Key, "%s must be a plain value", s.key)
		case s.list != nil:
			w.found = append(w.found, given{s, textutil.SplitList(text), source})
		case text != "":
			w.found = append(w.found, given{s, []string{text}, source})
		}
	}
}

func (w *walk) sequence(s setting, n *ast.SequenceNode, source string) {
	values := []string{}
	for _, item := range n.Values {
		text, ok := scalar(item)
		if !ok {
			w.refuse(item, "%s must hold plain values", s.key)
			return
		}
		values = append(values, text)
	}
	w.found = append(w.found, given{s, values, source})
}

// scalar returns the text of a value as it was written: a name of 1984 is meant
// as text. Anchors, aliases and tags are not plain values.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	default:
		return "", false
	}
}

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}\s*$`)

func isUnquotedColour(n *ast.NullNode) bool {
	comment := n.GetComment()
	return comment != nil && colour.MatchString(strings.TrimSpace(comment.String()))
}

func settingKeys() []string {
	keys := make([]string, len(settings))
	for i, s := range settings {
		keys[i] = s.key
	}
	return keys
}
