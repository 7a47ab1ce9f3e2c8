package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var errNoAxe = errors.New("axe-core is not installed; install it with: make axe")

// axeFile is where `make axe` puts axe-core, below the module's root.
const axeFile = "internal/browser/node_modules/axe-core/axe.min.js"

// Axe fails t with every rule of axe-core that the page breaks, narrow and
// wide, light and dark: WCAG 2.2 A and AA and the best practices.
//
// It is handed to the page over the browser's own channel, so the page's
// Content Security Policy stays in force. A page without script is given
// script for as long as axe-core runs, and runs none of its own even then.
func (b *Tab) Axe(t testing.TB) {
	t.Helper()
	source, err := axeSource()
	if err != nil {
		missing(t, err)
	}
	b.setScript(true)
	run(b, "loading axe-core", chromedp.Evaluate[chromedp.Void](source))
	for _, l := range looks {
		b.as(l, func() {
			for _, v := range Eval[[]violation](b, axeRun) {
				t.Errorf("%s at %d pixels, %s: %s", b.URL(), l.Width, l.scheme(), v)
			}
		})
	}
	b.setScript(!b.options.NoScript)
}

func (b *Tab) setScript(on bool) {
	b.t.Helper()
	run(b, "switching script", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return script(ctx, target, on)
	}))
}

// axeRun names its rule sets because the default ones leave out those that are
// new in WCAG 2.2, and fetches nothing, which a page's policy may forbid.
const axeRun = `axe.run(document, {
	preload: false,
	resultTypes: ["violations"],
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}).then(r => r.violations.map(v => ({
	id: v.id,
	help: v.help,
	nodes: v.nodes.map(n => n.html.slice(0, 200) + " – " + n.failureSummary),
})))`

// violation is one rule that the page breaks, and where.
type violation struct {
	ID    string   `json:"id"`
	Help  string   `json:"help"`
	Nodes []string `json:"nodes"`
}

func (v violation) String() string {
	return fmt.Sprintf("%s (%s)\n  %s", v.Help, v.ID, strings.Join(v.Nodes, "\n  "))
}

// axeSource reads axe-core. Tests run in their package's folder, somewhere
// below the module's root.
func axeSource() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	root, err := moduleRoot(dir)
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(axeFile)))
	if errors.Is(err, os.ErrNotExist) {
		return "", errNoAxe
	}
	return string(source), err
}

// moduleRoot returns the nearest directory above dir that holds a go.mod.
func moduleRoot(dir string) (string, error) {
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}
