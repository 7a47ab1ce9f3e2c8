package wire

// Prefix is the path everything stands under. Another version gets another one;
// additions do not.
const Prefix = "/api/v1"
