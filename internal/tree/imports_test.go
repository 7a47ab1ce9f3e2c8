package tree

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "latchkey"

// program is the folder of the packages that the command is made of.
const program = module + "/cmd/latchkey/internal"

// A ban says that the packages in the folder in, save those in except, must not
// import any of imports, save those in but, and why. A trailing "/..." means
// the folder or module and all below it, "/.../*test" those below it of such a
// name, "..." everything. A ban speaks of product code; with tests, of tests
// and of the packages that help them (named like kvtest) as well.
type ban struct {
	in      string
	except  []string
	imports []string
	but     []string
	tests   bool
	why     string
}

// Imports flow one way: storage/kv <- storage <- keys <- usecase <- api, login <- cmd, and keys <- op <- login.
var bans = []ban{
	{in: "storage/kv/...", imports: []string{module + "/..."}, but: []string{module + "/storage/kv/...", module + "/storage/memory/..."}, tests: true,
		why: "the engine contract knows no noun, so that an engine can be judged by it alone; its suite is itself tried on memory"},
	{in: "storage/bolt/...", imports: []string{module + "/..."}, but: []string{module + "/storage/kv/...", module + "/storage/bolt/..."}, tests: true,
		why: "an engine keeps bytes and knows no noun, so that engines can be exchanged"},
	{in: "storage/memory/...", imports: []string{module + "/..."}, but: []string{module + "/storage/kv/...", module + "/storage/memory/..."}, tests: true,
		why: "an engine keeps bytes and knows no noun, so that engines can be exchanged"},
	{in: "storage", imports: []string{module + "/storage/table", module + "/storage/audit", module + "/storage/policy", module + "/storage/people", module + "/storage/apps", module + "/storage/grants", module + "/storage/store/..."}, tests: true,
		why: "ids, actors and errors are the words of all floors of the store, which import downwards only: table, audit, policy, people, apps, grants, store"},
	{in: "storage/table", imports: []string{module + "/storage/audit", module + "/storage/policy", module + "/storage/people", module + "/storage/apps", module + "/storage/grants", module + "/storage/store/..."},
		why: "records and indexes know no noun"},
	{in: "storage/audit", imports: []string{module + "/storage/policy", module + "/storage/people", module + "/storage/apps", module + "/storage/grants", module + "/storage/store/..."},
		why: "the audit trail is written by all nouns and knows none"},
	{in: "storage/policy", imports: []string{module + "/storage/people", module + "/storage/apps", module + "/storage/grants", module + "/storage/store/..."},
		why: "settings and keys hold for everybody and know nobody"},
	{in: "storage/people", imports: []string{module + "/storage/apps", module + "/storage/grants", module + "/storage/store/..."},
		why: "an account does not know which apps it is used for: apps and grants know the accounts"},
	{in: "storage/apps", imports: []string{module + "/storage/grants", module + "/storage/store/..."},
		why: "an app does not know what it was allowed: grants know the apps"},
	{in: "storage/grants", imports: []string{module + "/storage/store/..."},
		why: "the store is made of its floors, and not the other way round"},
	{in: "storage/...", except: []string{"storage/bolt/...", "storage/memory/...", "storage/backup/...", "storage/store/storetest", "storage/kv/..."}, imports: []string{module + "/storage/bolt/...", module + "/storage/memory/...", module + "/api/..."},
		why: "the store is handed its engine, and does not know who asks it"},
	{in: "storage/...", imports: []string{module + "/usecase/...", module + "/op/...", module + "/login/...", module + "/cmd/..."},
		why: "imports flow one way: the store serves the rooms above it and knows none of them"},
	{in: "storage/...", imports: []string{module + "/keys/...", module + "/internal/..."}, but: []string{module + "/internal/limit"},
		why: "the store takes hashes and sealed bytes; whoever has the keys is above it"},
	{in: "storage/...", imports: []string{"net/http/...", "html/...", "text/template/..."},
		why: "a rule that stands in a handler or a page is missing from the others; package api speaks HTTP"},
	{in: "storage/...", imports: []string{"crypto/...", "golang.org/x/crypto/..."}, but: []string{"crypto/rand", "crypto/subtle"},
		why: "the store makes ids and compares; hashing and sealing are the business of keys"},
	{in: "keys/...", imports: []string{module + "/usecase/...", module + "/op/...", module + "/login/...", module + "/cmd/...", module + "/internal/...", module + "/api/..."}, but: []string{module + "/internal/limit", module + "/internal/strictjson"},
		why: "imports flow one way: keys serve the rooms above and know none of them"},
	{in: "keys/...", imports: []string{"net/http/...", "html/..."},
		why: "a key does not care how its signature travels"},
	{in: "usecase/...", imports: []string{module + "/op/...", module + "/login/...", module + "/cmd/...", module + "/api/...", module + "/internal/..."},
		why: "pages, API and command line call the same operations, which know none of them"},
	{in: "usecase/...", imports: []string{"net/http/...", "html/..."},
		why: "an operation does not care how it is asked for"},
	{in: "api/...", imports: []string{module + "/op/...", module + "/login/...", module + "/cmd/..."},
		why: "administration by programs needs neither the provider nor its pages"},
	{in: "api/wire", imports: []string{module + "/keys/...", module + "/usecase/...", module + "/api/client", module + "/api", module + "/internal/..."},
		why: "both sides of the API use its names: they know neither side"},
	{in: "api/client", imports: []string{module + "/keys/...", module + "/usecase/...", module + "/storage/store/...", module + "/api", module + "/internal/...", "github.com/danielgtaylor/huma/..."},
		why: "a program that imports the client is not the server"},
	// Imports in op flow one way: oauth, frontchannel, userclaims <- clientauth, tokens <- the endpoints <- op.
	{in: "op/oauth", imports: []string{module + "/op/frontchannel", module + "/op/userclaims", module + "/op/clientauth", module + "/op/tokens", module + "/op/authorize", module + "/op/tokenendpoint", module + "/op/signout", module + "/op/discovery", module + "/op/userinfo", module + "/op/introspection", module + "/op"},
		why: "errors, paths and parameters are the words of all endpoints; op is made of its endpoints"},
	{in: "op/frontchannel", imports: []string{module + "/op/clientauth", module + "/op/tokens", module + "/op/authorize", module + "/op/tokenendpoint", module + "/op/signout", module + "/op/discovery", module + "/op/userinfo", module + "/op/introspection", module + "/op"},
		why: "what passes through the browser is the same for every endpoint; op is made of its endpoints"},
	{in: "op/userclaims", imports: []string{module + "/op/clientauth", module + "/op/tokens", module + "/op/authorize", module + "/op/tokenendpoint", module + "/op/signout", module + "/op/discovery", module + "/op/userinfo", module + "/op/introspection", module + "/op"},
		why: "which claims an app gets does not depend on how they travel; op is made of its endpoints"},
	{in: "op/clientauth", imports: []string{module + "/op/tokens", module + "/op/authorize", module + "/op/tokenendpoint", module + "/op/signout", module + "/op/discovery", module + "/op/userinfo", module + "/op/introspection", module + "/op"},
		why: "who a client is does not depend on what it asks for; op is made of its endpoints"},
	{in: "op/tokens", imports: []string{module + "/op/clientauth", module + "/op/authorize", module + "/op/tokenendpoint", module + "/op/signout", module + "/op/discovery", module + "/op/userinfo", module + "/op/introspection", module + "/op"},
		why: "a token is made and opened alike whoever asks; op is made of its endpoints"},
	{in: "op/authorize", imports: []string{module + "/op/tokenendpoint", module + "/op/signout", module + "/op/discovery", module + "/op/userinfo", module + "/op/introspection", module + "/op"},
		why: "endpoints do not know one another; op is made of its endpoints"},
	{in: "op/tokenendpoint", imports: []string{module + "/op/authorize", module + "/op/signout", module + "/op/discovery", module + "/op/userinfo", module + "/op/introspection", module + "/op"},
		why: "endpoints do not know one another; op is made of its endpoints"},
	{in: "op/signout", imports: []string{module + "/op/authorize", module + "/op/tokenendpoint", module + "/op/discovery", module + "/op/userinfo", module + "/op/introspection", module + "/op"},
		why: "endpoints do not know one another; op is made of its endpoints"},
	{in: "op/discovery", imports: []string{module + "/op/authorize", module + "/op/tokenendpoint", module + "/op/signout", module + "/op/userinfo", module + "/op/introspection", module + "/op"},
		why: "endpoints do not know one another; op is made of its endpoints"},
	{in: "op/userinfo", imports: []string{module + "/op/authorize", module + "/op/tokenendpoint", module + "/op/signout", module + "/op/discovery", module + "/op/introspection", module + "/op"},
		why: "endpoints do not know one another; op is made of its endpoints"},
	{in: "op/introspection", imports: []string{module + "/op/authorize", module + "/op/tokenendpoint", module + "/op/signout", module + "/op/discovery", module + "/op/userinfo", module + "/op"},
		why: "endpoints do not know one another; op is made of its endpoints"},
	{in: "op/...", imports: []string{module + "/login/...", module + "/cmd/..."},
		why: "the provider declares the pages and sessions it needs; pages come and go without it"},
	{in: "op/...", imports: []string{"html/template", "text/template"},
		why: "what a person sees is made in login, where one policy and one catalogue of strings hold"},
	{in: "op/...", imports: []string{module + "/storage/bolt/...", module + "/storage/memory/...", module + "/api/..."},
		why: "the provider works on the store, whatever engine it has"},
	{in: "login/...", imports: []string{module + "/cmd/..."},
		why: "imports flow one way: cmd wires the rooms and is imported by none"},
	{in: "login/...", imports: []string{module + "/storage/bolt/...", module + "/storage/memory/...", module + "/api/..."},
		why: "pages work on the store, whatever engine it has"},
	{in: "login/account", imports: []string{module + "/login/signin"},
		why: "what a person does with their account knows nothing of how they signed in; what both need is in login/front"},
	{in: "login/front", imports: []string{module + "/login/account", module + "/login/signin"},
		why: "it serves the rooms that handle pages and knows none of them"},
	{in: "cmd/latchkey", imports: []string{module + "/..."}, but: []string{program + "/cli"},
		why: "the program is one call; all else is in packages that tests can call"},
	{in: "cmd/latchkey/internal/textutil", imports: []string{module + "/..."},
		why: "it reads and writes small texts, whatever they are about"},
	{in: "cmd/latchkey/internal/version", imports: []string{module + "/..."},
		why: "which build this is depends on nothing"},
	{in: "cmd/latchkey/internal/config", imports: []string{program + "/telemetry", program + "/data", program + "/server", program + "/doctor", program + "/cli"},
		why: "the configuration says what is wanted and builds nothing of it"},
	{in: "cmd/latchkey/internal/telemetry", imports: []string{program + "/data", program + "/server", program + "/doctor", program + "/cli"},
		why: "it is handed what it reads, and does not know whose it is"},
	{in: "cmd/latchkey/internal/data", imports: []string{program + "/server", program + "/doctor", program + "/cli"},
		why: "the data are opened for a server as for a verb, and do not know for whom"},
	{in: "cmd/latchkey/internal/server", imports: []string{program + "/doctor", program + "/cli"},
		why: "the server is started by a verb, asked by the doctor, and knows neither"},
	{in: "cmd/latchkey/internal/doctor", imports: []string{program + "/cli"},
		why: "what is found is not how it is shown"},
	{in: "cmd/...", except: []string{"cmd/latchkey/internal/data"}, imports: []string{module + "/storage/bolt/...", module + "/storage/memory/..."},
		why: "the engine is chosen in one place; elsewhere it is an interface"},
	{in: "internal/...", imports: []string{module + "/..."}, but: []string{module + "/internal/..."},
		why: "what all rooms share may not know any of them"},
	{in: "internal/limit", imports: []string{module + "/...", "net/http/..."},
		why: "it counts, whatever is counted: the store uses it, too"},

	{in: "...", except: []string{"op/..."}, imports: []string{"github.com/zitadel/oidc/..."},
		why: "its traps are known and guarded against in op alone"},
	{in: "...", except: []string{"storage/bolt/..."}, imports: []string{"go.etcd.io/bbolt/..."},
		why: "around the engine there would be no single writer and no fsync before the answer"},
	{in: "...", except: []string{"cmd/latchkey/internal/telemetry", "cmd/latchkey/internal/doctor"},
		imports: []string{"github.com/prometheus/...", "go.opentelemetry.io/..."},
		why:     "rooms say what happens; one package makes metrics and traces of it, and the doctor asks the collector"},
	{in: "...", except: []string{"login/page/...", "cmd/latchkey/internal/try"}, imports: []string{"html/template"},
		why: "one room makes HTML, so one place decides what is escaped and which policy holds; the sample app is another site, with a policy of its own"},
	{in: "...", imports: []string{"text/template"},
		why: "it escapes nothing"},
	{in: "...", imports: []string{"math/rand/..."},
		why: "what is random here must not be guessed: crypto/rand"},
	{in: "...", imports: []string{"net/http/pprof", "expvar"},
		why: "they register themselves on the default mux, past every defence"},
	{in: "...", imports: []string{"C"}, tests: true,
		why: "one static binary for every platform"},

	{in: "...", except: []string{"internal/browser"}, imports: []string{"github.com/chromedp/..."}, tests: true,
		why: "one harness drives the browser, so that deadlines and clean-up are right once"},
	{in: "...", except: []string{"internal/browser"}, imports: []string{"testing/..."},
		why: "product code does not test itself"},
	{in: "...", imports: []string{module + "/internal/browser", module + "/.../*test"},
		why: "help for tests stays out of the product"},
	{in: "...", except: []string{"internal/e2e/clients/..."}, imports: []string{"github.com/coreos/go-oidc/...", "golang.org/x/oauth2/...", "github.com/rogpeppe/go-internal/..."},
		why: "tests use them as strangers to the product would"},
	{in: "...", imports: []string{"pgregory.net/rapid/..."},
		why: "it makes up cases for tests"},
}

// covers reports whether pattern means path.
func covers(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	if root, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == root || strings.HasPrefix(name, root+"/")
	}
	if root, last, ok := strings.Cut(pattern, "/.../"); ok {
		match, err := path.Match(last, path.Base(name))
		return match && err == nil && strings.HasPrefix(name, root+"/")
	}
	return name == pattern
}

func coveredByAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return covers(p, path) })
}

// forbids reports whether b stands against f's import of path.
func (b ban) forbids(f file, path string) bool {
	return (b.tests || !f.test && !f.help) &&
		covers(b.in, f.dir) && !coveredByAny(b.except, f.dir) &&
		coveredByAny(b.imports, path) && !coveredByAny(b.but, path)
}

func forbiddenImports(files []file) (faults []string) {
	for _, f := range files {
		for _, path := range f.imports {
			for _, b := range bans {
				if b.forbids(f, path) {
					faults = append(faults, fmt.Sprintf("%s imports %s: %s", f.path, path, b.why))
				}
			}
		}
	}
	return faults
}

func TestNothingImportsWhatItMustNot(t *testing.T) {
	report(t, forbiddenImports(goFiles(t, root)))
}

// sample turns a pattern into a path it means.
func sample(pattern string) string {
	if pattern == "..." {
		return "cmd/latchkey"
	}
	return strings.NewReplacer("/.../*", "/x/", "/...", "").Replace(pattern)
}

func TestPackagesThatHelpTestsCountAsTests(t *testing.T) {
	tree := fstest.MapFS{"storage/kv/kvtest/x.go": {Data: []byte("package kvtest\n\nimport _ \"pgregory.net/rapid\"\n")}}
	if got := forbiddenImports(goFiles(t, tree)); len(got) != 0 {
		t.Errorf("faults: %q", got)
	}
	tree["op/x.go"] = &fstest.MapFile{Data: []byte("package op\n\nimport _ \"latchkey/storage/kv/kvtest\"\n")}
	if got := forbiddenImports(goFiles(t, tree)); len(got) != 1 || !strings.Contains(got[0], "op/x.go") {
		t.Errorf("faults: %q", got)
	}
}

// Every row is broken once on purpose, in each way it names.
func TestEveryBanHolds(t *testing.T) {
	for i, b := range bans {
		for _, path := range b.imports {
			in, path := sample(b.in), sample(path)
			if coveredByAny(b.except, in) {
				in = "op"
			}
			if coveredByAny(b.but, path) || path == module {
				path = module + "/login"
			}
			write := func(name, path string) fstest.MapFS {
				return fstest.MapFS{name: {Data: []byte("package p\n\nimport _ \"" + path + "\"\n")}}
			}
			caught := func(tree fs.FS) bool {
				return slices.ContainsFunc(forbiddenImports(goFiles(t, tree)), func(s string) bool { return strings.HasSuffix(s, b.why) })
			}
			if !caught(write(in+"/x.go", path)) {
				t.Errorf("ban %d (%s): %s importing %s goes unseen", i, b.why, in, path)
			}
			if got := caught(write(in+"/x_test.go", path)); got != b.tests {
				t.Errorf("ban %d (%s): in a test of %s, importing %s is caught: %v", i, b.why, in, path, got)
			}
			for _, e := range b.except {
				if caught(write(sample(e)+"/x.go", path)) {
					t.Errorf("ban %d (%s): %s is an exception and is caught importing %s", i, b.why, e, path)
				}
			}
			for _, e := range b.but {
				if caught(write(in+"/x.go", sample(e))) {
					t.Errorf("ban %d (%s): %s may import %s and is caught", i, b.why, in, e)
				}
			}
		}
		if b.why == "" {
			t.Errorf("ban %d gives no reason", i)
		}
	}
}

// An exception that nothing needs any more, or a misspelt folder, is a ban
// that has lost its meaning.
func TestBansSpeakOfFoldersThatExist(t *testing.T) {
	for _, b := range bans {
		for _, folder := range append([]string{b.in}, b.except...) {
			if folder == "..." {
				continue
			}
			if _, err := fs.Stat(root, strings.TrimSuffix(folder, "/...")); err != nil {
				t.Errorf("%q: %v", b.why, err)
			}
		}
	}
}

var root = os.DirFS("../..")
