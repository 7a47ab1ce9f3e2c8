// Package policy owns what holds for the whole provider: the settings with their rules
// and what the operator has pinned, the stored set of keys, requests that are to be
// carried out once, and by which issuer and until when this data was served.
package policy
