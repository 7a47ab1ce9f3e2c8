package people

// What the tests of this package see of it.

const EndSlice = endSlice
const MaxLogin = maxLogin

var AlikeEmails = alikeEmails
var BesideLatin = besideLatin
var CanonicalLogin = canonicalLogin
var CanonicalUsername = canonicalUsername
var ValidUsername = validUsername
var WrittenTogether = writtenTogether
