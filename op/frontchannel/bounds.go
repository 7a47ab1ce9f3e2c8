package frontchannel

const (
	MaxState = 4096
	// locationMost bounds an address that a browser is sent to: what proxies and servers
	// take of a request line.
	MaxLocation = 8 << 10
	// answerMost is what an answer holds at most beside redirect URI, state and issuer.
	MaxAnswer = 600
)
