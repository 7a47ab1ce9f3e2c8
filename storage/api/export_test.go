package api

import (
	"net"
	"testing"
)

// Inner is the socket of a listener made by Listen.
func Inner(l net.Listener) net.Listener { return l.(*listener).Listener }

// AnswersAtMost has a test's clients read no more of an answer.
func AnswersAtMost(t *testing.T, bytes int) {
	before := answerMost
	answerMost = bytes
	t.Cleanup(func() { answerMost = before })
}
