package client

import (
	"testing"
)

// AnswersAtMost has a test's clients read no more of an answer.
func AnswersAtMost(t *testing.T, bytes int) {
	before := answerMost
	answerMost = bytes
	t.Cleanup(func() { answerMost = before })
}
