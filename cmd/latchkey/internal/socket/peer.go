package socket

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	"latchkey/api/wire"
)

type peerKey struct{}

// peer is who is at the other end of a connection.
type peer struct {
	uid int
	err error
}

// ConnContext notes who is at the other end of a connection to the socket. It is
// for http.Server.ConnContext, together with [SameUser].
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	unix, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	uid, err := peerUID(unix)
	return context.WithValue(ctx, peerKey{}, peer{uid, err})
}

// SameUser lets only the user who runs this process through, root not
// excepted: whoever may act for that user can become them, and files that root
// makes on the way would lock the server out of its own data.
func SameUser(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, known := r.Context().Value(peerKey{}).(peer)
		me := os.Geteuid()
		switch {
		case !known || p.err != nil:
			refuse(w, "the server cannot tell which user this is")
		case p.uid != me:
			refuse(w, fmt.Sprintf("the server runs as %s and this is %s: run the command as that user",
				userName(me), userName(p.uid)))
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func refuse(w http.ResponseWriter, detail string) { wire.WriteProblem(w, http.StatusForbidden, detail) }
