package audit

// What the tests of this package see of it.

const MaxChange = maxChange
