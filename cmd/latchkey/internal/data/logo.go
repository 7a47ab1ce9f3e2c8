package data

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"latchkey/cmd/latchkey/internal/textutil"
)

// logoMost is the most bytes that a logo may have: every page shows it.
const logoMost = 256 << 10

func ReadLogo(path string) (logo []byte, kind string, err error) {
	if logo, err = os.ReadFile(path); err != nil {
		return nil, "", fmt.Errorf("the logo cannot be read: %w", textutil.FileReason(err))
	}
	if len(logo) > logoMost {
		return nil, "", fmt.Errorf("%s has %d KiB: it must have at most %d", path, len(logo)>>10, logoMost>>10)
	}
	kind = http.DetectContentType(logo)
	if strings.EqualFold(filepath.Ext(path), ".svg") && strings.HasPrefix(kind, "text/") {
		kind = "image/svg+xml" // which is XML, and so text to a look at its first bytes
	}
	switch kind {
	case "image/png", "image/jpeg", "image/webp", "image/svg+xml":
		return logo, kind, nil
	}
	return nil, "", errors.New("the logo must be PNG, JPEG, WebP or SVG: " + path + " is not")
}
