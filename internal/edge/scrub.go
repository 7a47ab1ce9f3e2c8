package edge

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Lengths in bytes that texts are cut to before they are logged.
const (
	maxNote  = 256
	maxCause = 1000
	maxPath  = 256
)

const (
	redacted  = "[redacted]"
	secretLen = 20 // no secret of ours is shorter; a random 128-bit one has 22 characters
)

var (
	uuid        = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	queryTail   = regexp.MustCompile(`[?#][^\s"'<>]+`)
	namedSecret = regexp.MustCompile(`(?i)(password|secret|token|code|assertion|verifier|cookie|key)=[^\s"'&;,]+`)
	scheme      = regexp.MustCompile(`(?i)\b(bearer|basic|dpop) +[A-Za-z0-9._~+/=-]{12,}`)
	longRun     = regexp.MustCompile(`[A-Za-z0-9_+=~-]{20,}`)
)

// scrub takes out of a text written by an error or a panic whatever could be a
// secret: the query and fragment of an address, values named like secrets,
// credentials, and long runs that mix letters and digits (UUIDs stay: they are
// our identifiers). It would rather lose a word than keep a token.
func scrub(text string) string {
	text = queryTail.ReplaceAllString(text, "?"+redacted)
	text = namedSecret.ReplaceAllString(text, "$1="+redacted)
	text = scheme.ReplaceAllString(text, "$1 "+redacted)
	return longRun.ReplaceAllStringFunc(text, func(run string) string {
		mixed := strings.ContainsAny(run, "0123456789") && strings.ContainsFunc(run, isLetter)
		if !mixed || uuid.MatchString(run) {
			return run
		}
		return redacted
	})
}

// scrubPath returns path for the log. A segment that is spelled out in the
// matched template stays; any other stays only when it is too short to be a
// secret or is a UUID. So a one-time link mistyped into the path is not logged
// either.
func scrubPath(path, template string) string {
	if path == template {
		return clip(path, maxPath)
	}
	segments := strings.Split(clip(path, 4*maxPath), "/")
	literal := strings.Split(template, "/")
	for i, s := range segments {
		if i < len(literal) && literal[i] == s {
			continue
		}
		if len(s) >= secretLen && !uuid.MatchString(s) {
			segments[i] = redacted
		}
	}
	return clip(strings.Join(segments, "/"), maxPath)
}

// clip cuts text to at most limit bytes and makes it valid UTF-8.
func clip(text string, limit int) string {
	if len(text) <= limit && utf8.ValidString(text) {
		return text
	}
	if len(text) > limit {
		text = text[:limit] + "…"
	}
	return strings.ToValidUTF8(text, "�")
}

func isLetter(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
