package userclaims

// AcrPassword is the authentication context class of a password sent over a
// protected channel: a name that relying parties know from SAML, since OpenID
// Connect has registered none.
const AcrPassword = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

// ACRPassword is what a sign-in by password gives as acr.
func ACRPassword() string { return AcrPassword }
