package store

// What the tests of this package see of it.

const KnownEvery = knownEvery
const Schema = schema
const SweepLook = sweepLook
const SweepMost = sweepMost

var Parts = parts
