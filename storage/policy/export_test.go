package policy

// What the tests of this package see of it.

const MaxLogo = maxLogo

var Leaves = leaves
