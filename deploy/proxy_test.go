package deploy

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/addrtest"
	"latchkey/internal/certtest"
)

// requiredEnv names the environment variable that turns a missing nginx, Caddy or
// systemd-analyze from a skipped test into a failed one. `make test` sets it.
const requiredEnv = "PROXIES_REQUIRED"

// The name in the samples, and where its callers and its app are.
const (
	host      = "id.example.org"
	issuer    = "https://" + host
	callerIP  = "127.0.0.9" // not the proxy's, which is 127.0.0.1
	appOrigin = "https://app.example"
)

// proxies are the samples, by the program that reads them.
var proxies = map[string]func(t *testing.T, p *proxied) *exec.Cmd{"nginx": nginx, "caddy": caddy}

// proxied is a latchkey behind a proxy that runs a sample of this folder.
type proxied struct {
	*server
	http, https string // where the proxy listens
	access      string // its log
	caFile      string // who signed its certificate
	client      *http.Client
}

// behind starts both, latchkey with the sample's own configuration. Ports, folders
// and the certificate are the test's; the rest is as the samples have it.
func behind(t *testing.T, name string, env ...string) *proxied {
	t.Helper()
	return behindEdited(t, name, nil, env...)
}

// behindEdited is behind with replacements in the sample, as of strings.NewReplacer.
func behindEdited(t *testing.T, name string, edits []string, env ...string) *proxied {
	t.Helper()
	authority := certtest.New(t)
	certFile, keyFile := authority.Issue(host)
	p := &proxied{caFile: authority.File, http: addrtest.Address(t, "127.0.0.1"), https: addrtest.Address(t, "127.0.0.1"), access: filepath.Join(t.TempDir(), "access.log"),
		server: &server{t: t, listen: addrtest.Address(t, "127.0.0.1"), args: []string{"--config", "config.yaml"}}}
	p.env = append([]string{"LATCHKEY_LISTEN=" + p.listen, "LATCHKEY_DATA_DIR=" + filepath.Join(t.TempDir(), "data"),
		"LATCHKEY_BACKUP_DIRECTORY=" + filepath.Join(t.TempDir(), "kept"), "LATCHKEY_LOG_FORMAT=json", "LATCHKEY_LOG_LEVEL=debug"}, env...)
	cmd := proxies[name](t, p)
	text := strings.NewReplacer(append(edits,
		"/etc/ssl/latchkey/fullchain.pem", certFile, "/etc/ssl/latchkey/key.pem", keyFile,
		"127.0.0.1:8080", p.listen, "# tls ", "tls ",
		"listen 80;", "listen "+p.http+";", "listen 443 ssl http2;", "listen "+p.https+" ssl http2;",
		"listen [::]:80;", "", "listen [::]:443 ssl http2;", "",
		"/var/log/nginx/latchkey.log", p.access, "/var/log/caddy/latchkey.log", p.access,
		"/var/log/nginx/latchkey.error.log", p.access+".error",
	)...).Replace(read(t, map[string]string{"nginx": "nginx.conf", "caddy": "Caddyfile"}[name]))
	write(t, filepath.Join(cmd.Dir, "sample"), text)
	p.start()
	var log buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	startProcess(t, cmd)
	waitFor(t, "http://"+p.http+"/", &log)
	p.client = p.caller(&tls.Config{RootCAs: authority.Pool})
	return p
}

// installed finds a program, or skips the test, or fails it where that is asked.
func installed(t *testing.T, name, pkg string) string {
	t.Helper()
	for _, at := range []string{name, "/usr/sbin/" + name} { // which is not on everybody's path
		if path, err := exec.LookPath(at); err == nil {
			return path
		}
	}
	said := name + " is missing; install it with: apt-get install -y --no-install-recommends " + pkg
	if os.Getenv(requiredEnv) != "" {
		t.Fatal(said)
	}
	t.Skip(said)
	return ""
}

func nginx(t *testing.T, _ *proxied) *exec.Cmd {
	program, dir := installed(t, "nginx", "nginx-light"), t.TempDir()
	write(t, filepath.Join(dir, "nginx.conf"), `
daemon off; pid `+dir+`/pid; error_log stderr; worker_processes 1;
events {}
http {
	access_log off;
	client_body_temp_path `+dir+`/body; proxy_temp_path `+dir+`/proxy; fastcgi_temp_path `+dir+`/fastcgi;
	uwsgi_temp_path `+dir+`/uwsgi; scgi_temp_path `+dir+`/scgi;
	include `+dir+`/sample;
}
`)
	cmd := exec.Command(program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	cmd.Dir = dir
	return cmd
}

func caddy(t *testing.T, p *proxied) *exec.Cmd {
	program, dir := installed(t, "caddy", "caddy"), t.TempDir()
	_, plain, _ := net.SplitHostPort(p.http)
	_, secure, _ := net.SplitHostPort(p.https)
	write(t, filepath.Join(dir, "Caddyfile"), "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\thttp_port "+plain+
		"\n\thttps_port "+secure+"\n}\nimport sample\n")
	cmd := exec.Command(program, "run", "--config", filepath.Join(dir, "Caddyfile"), "--adapter", "caddyfile")
	cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir}
	return cmd
}

// caller is a browser as far as HTTP goes: it has cookies, follows redirects up to
// the app's door, and finds the names of the samples at the proxy.
func (p *proxied) caller(trust *tls.Config) *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(callerIP)}, Timeout: 10 * time.Second}
	transport := &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			at := map[string]string{host + ":80": p.http, host + ":443": p.https}[addr]
			return from.DialContext(ctx, network, at)
		}}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			if r.URL.Host != host {
				return http.ErrUseLastResponse
			}
			return nil
		}}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
