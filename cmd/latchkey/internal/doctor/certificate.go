package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"time"

	"latchkey/cmd/latchkey/internal/textutil"
)

// renewal is how long before its end a certificate should have been renewed.
const renewal = 14 * 24 * time.Hour

// certificate checks the one that is configured. What a proxy shows, reach sees.
func (d *doctor) certificate() []Finding {
	c := d.config
	if c.TLSCertificateFile == "" {
		return nil
	}
	const check = "certificate"
	pair, err := tls.LoadX509KeyPair(c.TLSCertificateFile, c.TLSKeyFile)
	if err != nil {
		return []Finding{Fail(check, "correct tls.certificate_file and tls.key_file", "it cannot be used: %v",
			textutil.FileReason(err))}
	}
	issuer, err := url.Parse(c.Issuer)
	if err == nil {
		err = pair.Leaf.VerifyHostname(issuer.Hostname())
	}
	if err != nil {
		return []Finding{Fail(check, "get one for the issuer's name", "%v", err)}
	}
	return []Finding{d.lasts(check, pair.Leaf)}
}

// lasts is about a certificate's days.
func (d *doctor) lasts(check string, leaf *x509.Certificate) Finding {
	const do = "renew it"
	switch now := d.now(); {
	case now.Before(leaf.NotBefore):
		return Fail(check, "set the clock, or wait", "it is valid from %s only", textutil.Clock(leaf.NotBefore))
	case now.After(leaf.NotAfter):
		return Fail(check, do, "it ended %s", textutil.Clock(leaf.NotAfter))
	case now.Add(renewal).After(leaf.NotAfter):
		return warn(check, do, "it ends soon: %s", textutil.Clock(leaf.NotAfter))
	}
	return ok(check, "valid until %s", textutil.Clock(leaf.NotAfter))
}
