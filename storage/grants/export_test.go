package grants

// What the tests of this package see of it.

var ErrGrant = errGrant
