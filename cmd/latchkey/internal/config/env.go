package config

const (
	EnvServer       = envPrefix + "SERVER"
	EnvCA           = envPrefix + "CA"
	EnvCredentials  = envPrefix + "CREDENTIALS"
	EnvClientID     = envPrefix + "CLIENT_ID"
	EnvClientSecret = envPrefix + "CLIENT_SECRET"
)
