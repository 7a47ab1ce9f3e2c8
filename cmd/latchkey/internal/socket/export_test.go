package socket

import (
	"net"
)

// Inner is the socket of a listener made by Listen.
func Inner(l net.Listener) net.Listener { return l.(*listener).Listener }
