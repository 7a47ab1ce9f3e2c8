package deploy

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
)

var recipe = regexp.MustCompile("(?ms)^```sh run\n(.*?)^```$")

// recipes are the blocks of a page that are marked to be run.
func recipes(t *testing.T, page string) (blocks []string) {
	t.Helper()
	for _, m := range recipe.FindAllStringSubmatch(read(t, filepath.Join("..", "docs", page)), -1) {
		blocks = append(blocks, m[1])
	}
	if len(blocks) == 0 {
		t.Fatalf("%s has no block marked “sh run”", page)
	}
	return blocks
}

// shell is a reader at work: one bash that runs block after block, as they are on
// the page. For it, id.example.org is the test's proxy and runuser does nothing.
type shell struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
	err buffer
}

func (p *proxied) shell(certFile string) *shell {
	p.t.Helper()
	dir, s := p.t.TempDir(), &shell{t: p.t}
	write(p.t, filepath.Join(dir, ".curlrc"), "cacert = "+certFile+"\nconnect-to = \""+host+":443:"+p.https+"\"\n")
	config, err := filepath.Abs("config.yaml")
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command("bash", "-eu", "-o", "pipefail")
	cmd.Env = append([]string{"HOME=" + dir, "PATH=" + filepath.Dir(binary) + ":/usr/local/bin:/usr/bin:/bin"}, p.env...)
	cmd.Stderr = &s.err
	if s.in, err = cmd.StdinPipe(); err != nil {
		p.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	s.out = bufio.NewReader(out)
	startProcess(p.t, cmd)
	s.run("runuser() { shift 3; local all=(\"$@\"); \"${all[@]/#\\/etc\\/latchkey\\/config.yaml/" + config + "}\"; }\n")
	return s
}

// run runs a block and returns what it printed. A command that fails ends the
// shell, and so the test.
func (s *shell) run(block string) string {
	s.t.Helper()
	const end = "--- the block has ended"
	if _, err := io.WriteString(s.in, block+"\necho; echo '"+end+"'\n"); err != nil {
		s.t.Fatal(err)
	}
	var printed strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if strings.TrimSpace(line) == end {
			return printed.String()
		}
		printed.WriteString(line)
		if err != nil {
			s.t.Fatalf("%s\nprinted %s\nand failed: %s", block, &printed, &s.err)
		}
	}
}

func TestTheOperatorsRecipesWork(t *testing.T) {
	p := behind(t, "nginx")
	s := p.shell(p.caFile)
	all := ""
	for _, block := range recipes(t, "operate.md") {
		all += s.run(block)
	}
	for _, want := range []string{issuer + "/setup?token=", "client_secret", `"issuer":"` + issuer + `"`, issuer + "/recover?token=", "administrator", "\nok\n"} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing printed %q:\n%s", want, all)
		}
	}
}

func TestTheDevelopersRecipesWork(t *testing.T) {
	p := behind(t, "nginx")
	provider, err := oidc.NewProvider(oidc.ClientContext(t.Context(), p.client), issuer)
	if err != nil {
		t.Fatal(err)
	}
	client := p.register(provider)
	s := p.shell(p.caFile)
	s.run("client_id=" + client.ClientID + " client_secret=" + client.ClientSecret)
	blocks := recipes(t, "apps.md")
	s.run(blocks[0])
	printed := s.run(blocks[1])
	to := regexp.MustCompile(`(?m)^https://\S+/connect/authorize\?\S+$`).FindString(printed)
	if _, err := url.Parse(to); err != nil || to == "" {
		t.Fatalf("no address to open in %s", printed)
	}
	s.run("code=" + p.signIn(to, "1"))
	if answer := s.run(blocks[2]); !strings.Contains(answer, "id_token") || !strings.Contains(answer, `"name":"Ada Lovelace"`) {
		t.Errorf("printed %s", answer)
	}
	var api struct {
		ID     string `json:"id"`
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal(p.cli("", "resource", "add", "https://orders.example", "--name", "Orders", "--scope", "orders:read=see your orders", "--json"), &api); err != nil {
		t.Fatal(err)
	}
	p.cli("", "client", "edit", client.ClientID, "--grant-type", "authorization_code", "--grant-type", "client_credentials", "--scope", "openid profile orders:read")
	s.run("resource_id=" + api.ID + " resource_secret=" + api.Secret)
	if answer := s.run(blocks[3]); !strings.Contains(answer, `"active":true`) || !strings.Contains(answer, `"aud":"https://orders.example"`) {
		t.Errorf("printed %s", answer)
	}
	s.run("cd")
	s.run(blocks[4])
	set := filepath.Join(strings.TrimSpace(s.run("pwd")), "app-keys.json")
	p.cli("", "client", "edit", client.ClientID, "--token-endpoint-auth-method", "private_key_jwt", "--jwks", set,
		"--grant-type", "authorization_code", "--grant-type", "client_credentials")
	if answer := s.run(blocks[5]); !strings.Contains(answer, "access_token") {
		t.Errorf("printed %s", answer)
	}
}

func TestTheRecipesForProgramsWork(t *testing.T) {
	p := behind(t, "nginx")
	s := p.shell(p.caFile)
	s.run(recipes(t, "operate.md")[0]) // lk
	blocks := recipes(t, "api.md")
	secret := regexp.MustCompile(`client_secret +(\S+)`).FindStringSubmatch(s.run(blocks[0]))
	if secret == nil {
		t.Fatal("no secret is printed")
	}
	s.run("client_secret=" + secret[1])
	if answer := s.run(blocks[1]); !strings.Contains(answer, `"users":[]`) {
		t.Errorf("printed %s", answer)
	}
	if answer := s.run(blocks[2]); !strings.Contains(answer, `"external_id":"42"`) {
		t.Errorf("printed %s", answer)
	}
}

// The samples' lines that keep strangers from /api, taken into use.
func TestTheProxyKeepsStrangersFromTheAPI(t *testing.T) {
	for name := range proxies {
		for network, want := range map[string]int{"10.0.0.0/8": http.StatusForbidden, "127.0.0.0/8": http.StatusUnauthorized} {
			t.Run(name+" "+network, func(t *testing.T) {
				p := behindEdited(t, name, []string{"# location /api/", "location /api/", "# @strangers", "@strangers", "# respond", "respond", "10.0.0.0/8", network})
				for _, path := range []string{"/api/v1/users", "//api/v1/users", "/%61pi/v1/users", "/x/../api/v1/users"} {
					got := p.get(issuer + path).StatusCode
					// Whoever is let through finds no such path: an encoded letter is another one.
					elsewhere := strings.Contains(path, "%61") && want == http.StatusUnauthorized && got == http.StatusNotFound
					if got != want && !elsewhere {
						t.Errorf("%s: %d", path, got)
					}
				}
				if got := p.get(issuer + "/.well-known/openid-configuration"); got.StatusCode != http.StatusOK {
					t.Errorf("discovery: %d", got.StatusCode)
				}
			})
		}
	}
}
