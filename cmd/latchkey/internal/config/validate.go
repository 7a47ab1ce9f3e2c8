package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/edge"
	foreign "latchkey/internal/fetch"
	"latchkey/keys"
	"latchkey/login/page"
	"latchkey/storage"
	"latchkey/storage/policy"
)

// outgoingFault looks at the exceptions to what is spoken to on behalf of others.
func outgoingFault(texts []string) string {
	if _, err := foreign.ParseAllow(texts); err != nil {
		return err.Error()
	}
	return ""
}

// Validate reports everything that is wrong at once. Each line names the
// setting, where its value came from, and what would be right.
func (c *Config) Validate() error {
	var faults []error
	check := func(key, fault string) {
		if fault != "" {
			faults = append(faults, fmt.Errorf("%s (%s): %s", key, c.Source(key), fault))
		}
	}
	check("issuer", c.issuerFault())
	check("listen", listenFault(c.Listen))
	check("metrics_listen", c.metricsFault())
	check("admin_api", choiceFault(c.AdminAPI, SwitchOn, switchOff))
	check("traces_endpoint", endpointFault(c.TracesEndpoint))
	check("engine", choiceFault(c.Engine, engineBolt))
	check("tls.certificate_file", c.tlsFault())
	check("trusted_proxies", proxiesFault(c.TrustedProxies))
	check("trusted_proxy_header", choiceFault(c.TrustedProxyHeader, HeaderX, HeaderStandard))
	check("outgoing_allow", outgoingFault(c.OutgoingAllow))
	check("master_key", c.masterKeyFault())
	check("log.level", choiceFault(c.LogLevel, "debug", "info", "warn", "error"))
	check("log.format", choiceFault(c.LogFormat, formatText, FormatJSON))
	check("signing_algorithms", algorithmsFault(c.SigningAlgorithms))
	check("default_signing_algorithm", c.defaultAlgorithmFault())
	check("key_rotation", rotationFault(c.KeyRotation))
	check("backup.every", everyFault(c.BackupEvery))
	check("backup.keep", keepFault(c.BackupKeep))
	check("security_contact", contactFault(c.SecurityContact))
	check("branding.name", nameFault(c.BrandingName))
	check("branding.accent", accentFault(c.BrandingAccent))
	check("branding.home_url", pageFault(c.BrandingHomeURL))
	check("branding.support_url", pageFault(c.BrandingSupportURL))
	check("branding.support_email", mailFault(c.BrandingSupportEmail))
	check("branding.privacy_url", pageFault(c.BrandingPrivacyURL))
	check("branding.terms_url", pageFault(c.BrandingTermsURL))
	return errors.Join(faults...)
}

func (c *Config) Source(key string) string {
	if s := c.sources[key]; s != "" {
		return s
	}
	return byDefault
}

// Secure reports whether the issuer is https.
func (c *Config) Secure() bool { return strings.HasPrefix(c.Issuer, "https://") }

// issuerFault follows OpenID Connect Core section 2: https, and neither query
// nor fragment. Beyond that an issuer must be the one spelling of itself, since
// clients compare it byte by byte, and an origin, since our cookies need Path=/.
func (c *Config) issuerFault() string {
	if fault := OriginFault(c.Issuer); fault != "" {
		return fault
	}
	switch u, _ := url.Parse(c.Issuer); {
	case u.Scheme == "http" && !IsLocalhost(u.Hostname()):
		return fmt.Sprintf("must be https unless it is localhost: https://%s would be right, with tls.certificate_file or behind a proxy of trusted_proxies", u.Host)
	case u.Scheme == "https" && c.TLSCertificateFile == "" && len(c.TrustedProxies) == 0:
		return "is https, so set tls.certificate_file and tls.key_file, or list in trusted_proxies the proxy that ends TLS"
	}
	return ""
}

// OriginFault is what any issuer must be.
func OriginFault(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Sprintf("must be an address like https://id.example.org, not %q", text)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#"):
		return "must hold neither a user name nor a query nor a fragment"
	case u.Path != "":
		return fmt.Sprintf("must not hold a path or a slash at the end: %s://%s would be right", u.Scheme, u.Host)
	case text != canonicalOrigin(u):
		return fmt.Sprintf("must be spelled as browsers do: %s would be right", canonicalOrigin(u))
	}
	return ""
}

func canonicalOrigin(u *url.URL) string {
	host, port := strings.ToLower(u.Host), u.Port()
	if u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" || port == "" {
		host = strings.TrimSuffix(strings.TrimSuffix(host, port), ":")
	}
	return u.Scheme + "://" + host
}

func IsLocalhost(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func listenFault(text string) string {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Sprintf("must be host:port, like localhost:8080 or :443, not %q", text)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Sprintf("must end in a port from 1 to 65535, not %q", port)
	}
	if strings.ContainsAny(host, "/@ ") {
		return fmt.Sprintf("must be host:port, like localhost:8080 or :443, not %q", text)
	}
	return ""
}

// metricsFault keeps what is measured off the address that everybody reaches.
func (c *Config) metricsFault() string {
	switch {
	case c.MetricsListen == "":
		return ""
	case c.MetricsListen == c.Listen && !strings.HasSuffix(c.Listen, ":0"):
		return "must be another address than listen"
	}
	return listenFault(c.MetricsListen)
}

// endpointFault refuses what a log or an error message should not repeat.
func endpointFault(s string) string {
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return "must be an http or https address, like http://localhost:4318"
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "must hold neither a user name nor a query nor a fragment; OTEL_EXPORTER_OTLP_HEADERS is for what authenticates"
	case strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), TracesPath):
		return "must be given without " + TracesPath + ", which is added"
	}
	return ""
}

func choiceFault(value string, choices ...string) string {
	for _, c := range choices {
		if value == c {
			return ""
		}
	}
	return fmt.Sprintf("must be %s, not %q", strings.Join(choices, " or "), value)
}

func (c *Config) tlsFault() string {
	switch {
	case c.TLSCertificateFile == "" && c.TLSKeyFile == "":
		return ""
	case c.TLSKeyFile == "":
		return "needs tls.key_file beside it"
	case c.TLSCertificateFile == "":
		return fmt.Sprintf("is missing beside tls.key_file (%s)", c.Source("tls.key_file"))
	case !c.Secure():
		return fmt.Sprintf("needs an issuer that is https; it is %s (%s)", c.Issuer, c.Source("issuer"))
	}
	return ""
}

func proxiesFault(list []string) string {
	for _, text := range list {
		if _, err := edge.ParsePrefix(text); err != nil {
			return fmt.Sprintf("must be addresses or ranges, like 10.0.0.7 or 10.0.0.0/8, not %q", text)
		}
	}
	return ""
}

func algorithmsFault(list []string) string {
	for _, name := range list {
		if !slices.Contains(policy.SigningAlgorithms(), name) {
			return fmt.Sprintf("must be among %s, not %q", strings.Join(policy.SigningAlgorithms(), ", "), name)
		}
	}
	return ""
}

// defaultAlgorithmFault looks at what the configuration enables, or if it does not
// say, at what is enabled by default.
func (c *Config) defaultAlgorithmFault() string {
	set := policy.DefaultSettings()
	c.PinKeys(&set)
	if slices.Contains(set.SigningAlgorithms, set.DefaultSigningAlgorithm) {
		return ""
	}
	return fmt.Sprintf("must be among %s, not %q: add it to signing_algorithms (%s)",
		strings.Join(set.SigningAlgorithms, ", "),
		set.DefaultSigningAlgorithm, c.Source("signing_algorithms"))
}

func rotationFault(text string) string {
	if text == "" {
		return ""
	}
	n, err := rotationSeconds(text)
	if err != nil || n != 0 && (n < policy.RotationLeast || n > policy.RotationMost) {
		return fmt.Sprintf("must be from %dd to %dd, like 90d, or 0 for never by itself, not %q",
			policy.RotationLeast/86400, policy.RotationMost/86400, text)
	}
	return ""
}

// masterKeyFault never repeats the key.
func (c *Config) masterKeyFault() string {
	if c.MasterKey == "" {
		return ""
	}
	if c.MasterKeyFile != "" {
		return fmt.Sprintf("and master_key_file (%s) are both set: keep one", c.Source("master_key_file"))
	}
	if _, err := keys.ParseMaster(c.MasterKey); err != nil {
		return err.Error()
	}
	if !strings.HasPrefix(c.Source("master_key"), envPrefix) {
		return c.readableFault()
	}
	return ""
}

// readableFault holds a file that contains the master key to the rule for key
// files.
func (c *Config) readableFault() string {
	info, err := os.Stat(c.FromFile)
	if err != nil || info.Mode().Perm()&0o027 == 0 {
		return ""
	}
	return fmt.Sprintf("stands in a file that others on this machine can get at: chmod 640 %s would be right",
		c.FromFile)
}

func everyFault(text string) string {
	if d, err := time.ParseDuration(text); err != nil || d < time.Minute {
		return fmt.Sprintf("must be a time of at least a minute, like 24h or 90m, not %q", text)
	}
	return ""
}

func keepFault(text string) string {
	if n, err := strconv.Atoi(text); err != nil || n < 1 || n > 10_000 {
		return fmt.Sprintf("must be how many to keep, 1 to 10000, not %q", text)
	}
	return ""
}

func nameFault(s string) string {
	if len(s) > 60 {
		return "must be at most 60 bytes long"
	}
	if bad := new(storage.Invalid); errors.As(storage.VisibleText("branding.name", s), &bad) {
		return bad.Reason
	}
	return ""
}

func accentFault(s string) string {
	if s == "" {
		return ""
	}
	if err := page.CheckAccent(s); err != nil {
		return err.Error()
	}
	return ""
}

func pageFault(s string) string {
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Sprintf("must be an http or https address, not %q", s)
	}
	return ""
}

func mailFault(s string) string {
	if s == "" {
		return ""
	}
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
		return fmt.Sprintf("must be an address like help@example.org, not %q", s)
	}
	return ""
}

const (
	TracesPath = "/v1/traces" // below an endpoint, as OTLP/HTTP has it
)
