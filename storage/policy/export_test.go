package policy

// What the tests of this package see of it.

const LogoMost = logoMost

var Leaves = leaves
