package keys

// Purpose says what a data key is for. Every purpose has keys of its own, so that
// a value sealed for one is never accepted for another. The words are stored:
// they never change and are never used again for something else.
type Purpose string

// The purposes in use. A new one gets its key the next time a ring is opened.
const (
	PurposeFlow         Purpose = "flow"          // authorization requests under way, in cookies
	PurposeSession      Purpose = "session"       // session cookies
	PurposeBrowser      Purpose = "browser"       // the browser cookie that flows are bound to
	PurposeAccessToken  Purpose = "access token"  // opaque access tokens
	PurposeRefresh      Purpose = "refresh"       // refresh tokens (MAC)
	PurposePassword     Purpose = "password"      // password hashes at rest
	PurposeSigning      Purpose = "signing"       // private halves of signing keys at rest
	PurposeClientSecret Purpose = "client secret" // client secrets (MAC)
	PurposeSID          Purpose = "sid"           // session ids as one client sees them (MAC); never rotated
	PurposeOneTime      Purpose = "one-time"      // forms and links that act once
)

var purposes = []Purpose{
	PurposeFlow, PurposeSession, PurposeBrowser, PurposeAccessToken, PurposeRefresh,
	PurposePassword, PurposeSigning, PurposeClientSecret, PurposeSID, PurposeOneTime,
}
