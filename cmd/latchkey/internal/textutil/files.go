package textutil

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

func SplitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// FileReason takes the operation out of a file error, which the sentence around it
// names already: "config.yaml: no such file or directory".
func FileReason(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		return fmt.Errorf("%s: %w", at.Path, at.Err)
	}
	return err
}
