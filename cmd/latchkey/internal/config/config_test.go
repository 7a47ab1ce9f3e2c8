package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

const (
	aMasterKey      = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	exampleFilePath = "../../../../config.example.yaml"
)

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustLoad(t *testing.T, path string, env ...string) *Config {
	t.Helper()
	c, err := Load(path, env)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// values are the settings by key, without where they came from.
func values(c *Config) map[string]any {
	m := map[string]any{}
	for _, s := range settings {
		if s.list != nil {
			m[s.key] = append([]string{}, *s.list(c)...)
		} else {
			m[s.key] = *s.text(c)
		}
	}
	return m
}

func TestDefaultsAreValid(t *testing.T) {
	c := mustLoad(t, "")
	if c.Issuer != "http://localhost:8080" || c.Listen != "localhost:8080" || c.DataDir != "latchkey-data" ||
		c.Engine != "bolt" {
		t.Errorf("defaults: %+v", c)
	}
}

func TestExampleFileIsTheDefaultsAndListsEverySetting(t *testing.T) {
	text, err := os.ReadFile(exampleFilePath)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("config.yaml", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := values(mustLoad(t, "config.yaml")), values(mustLoad(t, "")); !reflect.DeepEqual(got, want) {
		t.Errorf("the example is %v, the defaults are %v", got, want)
	}
	for _, s := range settings {
		_, name, nested := strings.Cut(s.key, ".")
		if !nested {
			name = s.key
		}
		line := regexp.MustCompile(`(?m)^ *` + name + `:.* # ` + s.env() + `\b`)
		if !line.Match(text) {
			t.Errorf("the example does not show %s beside %s", s.env(), s.key)
		}
	}
}

func TestEverySettingCanBeGivenByFileAndByEnvironment(t *testing.T) {
	samples := map[string]string{
		"issuer": "https://id.example.org", "listen": ":8443", "metrics_listen": "localhost:9090",
		"traces_endpoint": "http://localhost:4318", "admin_api": "off", "data_dir": "/srv/latchkey", "engine": "bolt",
		"tls.certificate_file": "/etc/tls/cert.pem", "tls.key_file": "/etc/tls/key.pem",
		"trusted_proxies":      "10.0.0.0/8",
		"trusted_proxy_header": "forwarded", "master_key_file": "/run/secrets/master", "log.level": "debug",
		"outgoing_allow": "keys.internal,10.0.0.0/8", "log.format": "json",
		"security_contact": "security@example.org", "signing_algorithms": "RS256,EdDSA",
		"default_signing_algorithm": "EdDSA", "key_rotation": "30d", "branding.name": "Resonance",
		"branding.logo_file": "/etc/logo.png",
		"backup.directory":   "/var/backups", "backup.every": "90m", "backup.keep": "30",
		"branding.accent": "#123456", "branding.home_url": "https://example.org",
		"branding.support_url": "https://example.org/help", "branding.support_email": "help@example.org",
		"branding.privacy_url": "https://example.org/privacy", "branding.terms_url": "https://example.org/terms",
	}
	var file strings.Builder
	var env []string
	group := ""
	for _, s := range settings {
		v, ok := samples[s.key]
		if !ok {
			if s.key != "master_key" { // excludes master_key_file; has a test of its own
				t.Errorf("no sample for %s", s.key)
			}
			continue
		}
		env = append(env, s.env()+"="+v)
		head, name, nested := strings.Cut(s.key, ".")
		if !nested {
			file.WriteString(s.key + ": \"" + v + "\"\n")
			continue
		}
		if head != group {
			file.WriteString(head + ":\n")
			group = head
		}
		file.WriteString("  " + name + ": \"" + v + "\"\n")
	}
	byFile := mustLoad(t, writeFile(t, "config.yaml", file.String()))
	byEnv := mustLoad(t, "", env...)
	if !reflect.DeepEqual(values(byFile), values(byEnv)) {
		t.Errorf("by file %v\nby environment %v", values(byFile), values(byEnv))
	}
	for key, want := range samples {
		got := values(byEnv)[key]
		if list, ok := got.([]string); ok {
			got = strings.Join(list, ",")
		}
		if got != want {
			t.Errorf("%s = %v, want %v", key, got, want)
		}
		if key != "engine" && key != "listen" && byEnv.Source(key) == byDefault {
			t.Errorf("%s: source is %s", key, byEnv.Source(key))
		}
	}
}

func TestEnvironmentWinsOverFileAndFileOverDefaults(t *testing.T) {
	path := writeFile(t, "config.yaml", "listen: localhost:1\nlog: {level: warn, format: json}\ntrusted_proxies: [10.0.0.1, \"::1\"]\n")
	c := mustLoad(t, "", envConfig+"="+path, "LATCHKEY_LISTEN=localhost:2", "LATCHKEY_LOG_LEVEL=",
		"LATCHKEY_LOG_FORMAT=json", "LATCHKEY_LOG_FORMAT=text")
	if c.Listen != "localhost:2" || c.LogLevel != "warn" || c.LogFormat != "text" ||
		c.Issuer != "http://localhost:8080" {
		t.Errorf("%+v", c)
	}
	if len(c.TrustedProxies) != 2 {
		t.Errorf("proxies %v", c.TrustedProxies)
	}
	if got := mustLoad(t, "", "LATCHKEY_TRUSTED_PROXIES=10.0.0.1, fd00::/8").TrustedProxies; len(got) != 2 {
		t.Errorf("proxies from the environment: %v", got)
	}
}

func TestPathsInAFileStartFromTheFile(t *testing.T) {
	path := writeFile(t, "config.yaml", "data_dir: data\nmaster_key_file: /abs/key\n")
	c := mustLoad(t, path)
	if want := filepath.Join(filepath.Dir(path), "data"); c.DataDir != want || c.MasterKeyFile != "/abs/key" {
		t.Errorf("data_dir %q, master_key_file %q", c.DataDir, c.MasterKeyFile)
	}
	if c := mustLoad(t, path, "LATCHKEY_DATA_DIR=here"); c.DataDir != "here" {
		t.Errorf("data_dir %q", c.DataDir)
	}
}

func TestUnknownVariablesOnlyWarn(t *testing.T) {
	c := mustLoad(t, "", "LATCHKEY_PORT=tcp://10.0.0.1:80", "LATCHKEY_ISUER=x", "OTHER=1",
		"LATCHKEY_ISSUER=http://localhost:9",
		EnvServer+"=x", EnvCA+"=x", EnvCredentials+"=x", EnvClientID+"=x", EnvClientSecret+"=x")
	if !reflect.DeepEqual(c.Unknown, []string{"LATCHKEY_ISUER", "LATCHKEY_PORT"}) {
		t.Errorf("unknown %v", c.Unknown)
	}
}

func TestFaultsInAFileNameTheLineAndWhatWouldBeRight(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"misspelt", "listen: :1\nisuer: x\n",
			`config.yaml line 2: "isuer" is not a setting; the nearest one is "issuer"`},
		{"misspelt in a group", "tls:\n  cert_file: x\n",
			`line 2: "tls.cert_file" is not a setting; the nearest one is "tls.key_file"`},
		{"outside its group", "\ncertificate_file: x\n",
			`line 2: "certificate_file" is not a setting; the nearest one is "tls.certificate_file"`},
		{"every one is told", "aa: 1\nissuer: http://localhost:1\nbb: 2\n", `line 3: "bb"`},
		{"twice", "listen: :1\nlisten: :2\n", "line 2"},
		{"group as value", "tls: yes\n", "line 1: tls is a group"},
		{"value as group", "issuer:\n  url: x\n", "line 1: issuer must be a plain value"},
		{"value as list", "issuer: [a, b]\n", "line 1: issuer takes one value"},
		{"group in a list", "trusted_proxies:\n- a: b\n", "line 2: trusted_proxies must hold plain values"},
		{"alias", "listen: &a :1\nissuer: *a\n", "must be a plain value"},
		{"unquoted colour", "branding:\n  accent: #1f5fbf\n", "line 2: branding.accent needs quotes"},
		{"not settings", "- a\n- b\n", "must be settings"},
		{"not YAML", "issuer: \"x\nlisten: [\n", "config.yaml"},
		{"two documents", "listen: :1\n---\nlisten: :2\n", "must be one document"},
		{"value", "\n\nissuer: http://id.example.org\n", "issuer (config.yaml line 3): must be https"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("config.yaml", []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load("config.yaml", nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestEmptyFilesAndValuesAreTheDefaults(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "issuer:\ntls:\nbranding: {}\n",
		"issuer: \"\"\n", "{}"} {
		if got := mustLoad(t, writeFile(t, "c.yaml", text)); got.Issuer != "http://localhost:8080" {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestSyntaxErrorsDoNotQuoteTheFile(t *testing.T) {
	for _, text := range []string{
		"master_key: \"" + aMasterKey + "\nlisten: x", "master_key: [" + aMasterKey, "\tmaster_key: " + aMasterKey,
		"master_key: {" + aMasterKey + "\n", "master_key: " + aMasterKey + "\n  x: y\n",
		"master_key: !!binary \"" + aMasterKey + "\"\n",
		"master_key: " + aMasterKey + "x\n", "master_key:\n- " + aMasterKey + "\n",
	} {
		_, err := Load(writeFile(t, "c.yaml", text), nil)
		if err == nil || strings.Contains(err.Error(), aMasterKey) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestMissingFileIsNamed(t *testing.T) {
	_, err := Load("/nowhere/config.yaml", nil)
	if err == nil || !strings.Contains(err.Error(), "/nowhere/config.yaml: no such file") {
		t.Error(err)
	}
}

func TestValidateNamesSettingSourceAndRemedy(t *testing.T) {
	for _, c := range []struct {
		env  string // space-separated variables, without their prefix
		want string // "" for valid
	}{
		{"ISSUER=http://localhost:9000", ""},
		{"ISSUER=http://127.0.0.1", ""},
		{"ISSUER=http://[::1]:8080", ""},
		{"ISSUER=http://id.localhost:8080", ""},
		{"ISSUER=https://id.example.org TRUSTED_PROXIES=10.0.0.1", ""},
		{"ISSUER=https://id.example.org:8443 TLS_CERTIFICATE_FILE=c TLS_KEY_FILE=k", ""},
		{"ISSUER=id.example.org", `issuer (LATCHKEY_ISSUER): must be an address like https://id.example.org, not "id.example.org"`},
		{"ISSUER=ftp://id.example.org", "must be an address like"},
		{"ISSUER=https://:443", "must be an address like"},
		{"ISSUER=http://id.example.org", "must be https unless it is localhost: https://id.example.org would be right"},
		{"ISSUER=http://localhost.example.org", "must be https"},
		{"ISSUER=https://id.example.org", "list in trusted_proxies"},
		{"ISSUER=https://id.example.org/ TRUSTED_PROXIES=::1",
			"slash at the end: https://id.example.org would be right"},
		{"ISSUER=https://id.example.org/auth TRUSTED_PROXIES=::1", "must not hold a path"},
		{"ISSUER=https://ID.example.org TRUSTED_PROXIES=::1", "https://id.example.org would be right"},
		{"ISSUER=https://id.example.org:443 TRUSTED_PROXIES=::1", "https://id.example.org would be right"},
		{"ISSUER=http://localhost:80", "http://localhost would be right"},
		{"ISSUER=HTTP://localhost", "http://localhost would be right"},
		{"ISSUER=https://a@id.example.org TRUSTED_PROXIES=::1", "must hold neither"},
		{"ISSUER=https://id.example.org? TRUSTED_PROXIES=::1", "must hold neither"},
		{"ISSUER=https://id.example.org# TRUSTED_PROXIES=::1", "must hold neither"},
		{"LISTEN=8080", `listen (LATCHKEY_LISTEN): must be host:port`},
		{"LISTEN=localhost:http", "must end in a port"},
		{"LISTEN=localhost:70000", "must end in a port"},
		{"LISTEN=http://localhost:80", "must be host:port"},
		{"LISTEN=:443", ""},
		{"LISTEN=[::]:0", ""},
		{"METRICS_LISTEN=9090", `metrics_listen (LATCHKEY_METRICS_LISTEN): must be host:port`},
		{"METRICS_LISTEN=localhost:8080", "must be another address than listen"},
		{"METRICS_LISTEN=localhost:0 LISTEN=localhost:0", ""},
		{"TRACES_ENDPOINT=localhost:4318",
			"traces_endpoint (LATCHKEY_TRACES_ENDPOINT): must be an http or https address"},
		{"TRACES_ENDPOINT=https://a:b@c.example", "OTEL_EXPORTER_OTLP_HEADERS is for what authenticates"},
		{"TRACES_ENDPOINT=https://c.example?key=x", "OTEL_EXPORTER_OTLP_HEADERS is for what authenticates"},
		{"TRACES_ENDPOINT=https://c.example/v1/traces/", "must be given without /v1/traces"},
		{"TRACES_ENDPOINT=https://c.example/otlp", ""},
		{"OUTGOING_ALLOW=keys.internal,10.0.0.0/8,::1", ""},
		{"OUTGOING_ALLOW=https://keys.internal/jwks",
			`outgoing_allow (LATCHKEY_OUTGOING_ALLOW): must be host names, addresses or ranges like 10.0.0.0/8, not "https://keys.internal/jwks"`},
		{"ENGINE=postgres", `engine (LATCHKEY_ENGINE): must be bolt, not "postgres"`},
		{"TLS_CERTIFICATE_FILE=c", "needs tls.key_file"},
		{"TLS_KEY_FILE=k", "tls.certificate_file (the default): is missing beside tls.key_file (LATCHKEY_TLS_KEY_FILE)"},
		{"TLS_CERTIFICATE_FILE=c TLS_KEY_FILE=k",
			"needs an issuer that is https; it is http://localhost:8080 (the default)"},
		{"TRUSTED_PROXIES=proxy.local", "must be addresses or ranges"},
		{"TRUSTED_PROXY_HEADER=via", "must be x-forwarded or forwarded"},
		{"MASTER_KEY=" + aMasterKey, ""},
		{"MASTER_KEY=short", "master_key (LATCHKEY_MASTER_KEY): "},
		{"MASTER_KEY=" + aMasterKey + " MASTER_KEY_FILE=f", "keep one"},
		{"LOG_LEVEL=loud", "must be debug or info or warn or error"},
		{"LOG_FORMAT=xml", "must be text or json"},
		{"DEFAULT_SIGNING_ALGORITHM=ES256", ""},
		{"DEFAULT_SIGNING_ALGORITHM=EdDSA SIGNING_ALGORITHMS=EdDSA", ""},
		{"DEFAULT_SIGNING_ALGORITHM=EdDSA",
			`default_signing_algorithm (LATCHKEY_DEFAULT_SIGNING_ALGORITHM): must be among RS256, ES256, not "EdDSA": add it to signing_algorithms (the default)`},
		{"DEFAULT_SIGNING_ALGORITHM=HS256 SIGNING_ALGORITHMS=EdDSA", `must be among RS256, EdDSA, not "HS256"`},
		{"BACKUP_EVERY=daily", `backup.every (LATCHKEY_BACKUP_EVERY): must be a time of at least a minute, like 24h or 90m, not "daily"`},
		{"BACKUP_EVERY=30s", "at least a minute"},
		{"BACKUP_KEEP=0", "must be how many to keep"},
		{"BACKUP_KEEP=all", "must be how many to keep"},
		{"BRANDING_NAME=" + strings.Repeat("x", 61), "at most 60 bytes"},
		{"BRANDING_ACCENT=blue", "a colour like #1f5fbf"},
		{"BRANDING_ACCENT=#ffffff", "choose a darker one"},
		{"BRANDING_HOME_URL=javascript:alert(1)",
			"branding.home_url (LATCHKEY_BRANDING_HOME_URL): must be an http or https address"},
		{"BRANDING_SUPPORT_URL=x", "http or https"},
		{"BRANDING_PRIVACY_URL=x", "http or https"},
		{"BRANDING_TERMS_URL=x", "http or https"},
		{"BRANDING_SUPPORT_EMAIL=x", "an address like help@example.org"},
		{"LISTEN=x ENGINE=y", "engine (LATCHKEY_ENGINE)"}, // all faults at once
	} {
		var env []string
		for _, v := range strings.Fields(c.env) {
			env = append(env, envPrefix+v)
		}
		_, err := Load("", env)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.env, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s:\n got %v\nwant %q in it", c.env, err, c.want)
		}
	}
}

// Whoever moves a setting from the file into a variable reads the same sentence, and
// where the value is.
func TestAVariableIsRefusedInTheWordsOfTheFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for key, value := range map[string]string{
		"issuer": "http://id.example.org", "listen": "8080", "admin_api": "maybe", "trusted_proxies": "proxy.local",
		"engine": "postgres", "master_key": "short", "log.level": "loud", "key_rotation": "weekly",
		"backup.every": "daily", "branding.accent": "blue", "branding.support_email": "x",
		"tls.key_file": "/k", "default_signing_algorithm": "HS256", "branding.name": "\xff",
	} {
		text := key + ": " + value + "\n"
		if group, name, ok := strings.Cut(key, "."); ok {
			text = group + ": {" + name + ": " + value + "}\n"
		}
		if err := os.WriteFile("config.yaml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, file := Load("config.yaml", nil)
		name := setting{key: key}.env()
		_, variable := Load("", []string{name + "=" + value})
		if file == nil || variable == nil {
			t.Errorf("%s: the file is answered %v, the variable %v", key, file, variable)
			continue
		}
		if want := strings.ReplaceAll(file.Error(), "config.yaml line 1", name); variable.Error() != want {
			t.Errorf("%s:\n got %v\nwant %v", key, variable, want)
		}
	}
}

func TestMasterKeyInAReadableFileIsRefused(t *testing.T) {
	path := writeFile(t, "c.yaml", "master_key: "+aMasterKey+"\n")
	mustLoad(t, path)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, nil); err == nil || !strings.Contains(err.Error(), "chmod 640") {
		t.Error(err)
	}
}

func FuzzConfigFile(f *testing.F) {
	example, err := os.ReadFile(exampleFilePath)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add("a: &x [*x]\nissuer: !!str 1\n? [a]\n: b\n")
	f.Fuzz(func(t *testing.T, text string) {
		found, err := parseFile("c.yaml", []byte(text))
		if err != nil {
			return
		}
		for _, g := range found {
			if g.setting.list == nil && (len(g.values) != 1 || g.values[0] == "") {
				t.Errorf("%s = %q", g.setting.key, g.values)
			}
		}
	})
}

// A name that the pages show is held to the rule of `setting set`, wherever it is given.
func TestTheNameOfThePlatformCanBeSeen(t *testing.T) {
	for name, ok := range map[string]bool{
		"Resonance": true, "A\u200bB": false, "\u2800": false, "A\u202eB": false, "A\nB": false,
	} {
		_, err := Load("", []string{"LATCHKEY_BRANDING_NAME=" + name})
		if (err == nil) != ok || !ok && !strings.HasPrefix(err.Error(), "branding.name (LATCHKEY_BRANDING_NAME): must ") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
