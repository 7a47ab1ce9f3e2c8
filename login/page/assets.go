package page

import (
	"crypto/sha256"
	_ "embed" // the files below
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
)

//go:embed assets/latchkey.css
var styleCSS []byte

//go:embed assets/latchkey.js
var scriptJS []byte

//go:embed assets/post.js
var postJS []byte

//go:embed assets/mark.svg
var markSVG string

const assetPrefix = "/assets/"

// asset is a file that never changes: another content has another name.
type asset struct {
	name, contentType string
	body              []byte
}

func newAsset(name, ending, contentType string, body []byte) asset {
	sum := sha256.Sum256(body)
	return asset{name + "-" + hex.EncodeToString(sum[:8]) + "." + ending, contentType, body}
}

func (a asset) path() string { return assetPrefix + a.name }

var (
	style  = newAsset("latchkey", "css", "text/css; charset=utf-8", styleCSS)
	script = newAsset("latchkey", "js", "text/javascript; charset=utf-8", scriptJS)
	post   = newAsset("post", "js", "text/javascript; charset=utf-8", postJS)
)

// Assets serves /assets/…, which pages load, and the two files that browsers and
// crawlers ask for by name: /favicon.ico and /robots.txt.
func (rd *Renderer) Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		a, fixed, ok := rd.find(r)
		if !ok {
			w.Header().Set("Cache-Control", "no-store")
			http.NotFound(w, r)
			return
		}
		a.serve(w, fixed)
	})
}

// find returns the file asked for, and whether its name fixes its content.
func (rd *Renderer) find(r *http.Request) (a asset, fixed, ok bool) {
	switch r.URL.Path {
	case "/robots.txt":
		return asset{contentType: "text/plain; charset=utf-8", body: []byte("User-agent: *\nDisallow: /\n")}, false,
			true
	case "/favicon.ico":
		l := rd.livery(r)
		if l.Logo != "" {
			return l.image, false, true
		}
		return l.icon, false, true
	}
	name, ok := strings.CutPrefix(r.URL.Path, assetPrefix)
	if !ok {
		return asset{}, false, false
	}
	switch name {
	case style.name:
		return style, true, true
	case script.name:
		return script, true, true
	case post.name:
		return post, true, true
	}
	if l := rd.livery(r); l.image.name == name {
		return l.image, true, name != ""
	}
	a, ok = accentAsset(name)
	return a, true, ok
}

func (a asset) serve(w http.ResponseWriter, fixed bool) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// An operator's SVG opened by itself is a document of this origin: it may
	// not run or load anything there.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("Cache-Control", "public, max-age=3600")
	if fixed {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(a.body) // whoever asked may have gone
}
