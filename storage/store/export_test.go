package store

// What the tests of this package see of it.

const KnownEvery = knownEvery
const Schema = schema
const SweepLook = sweepLook
const MaxSweep = maxSweep

var Parts = parts
