package keys

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func reason(err error) PasswordReason {
	var refused *PasswordError
	if errors.As(err, &refused) {
		return refused.Reason
	}
	return ""
}

func TestPasswordLengthCountsCharacters(t *testing.T) {
	const varied = "żółw je śledzia, a słoń nie; 鯨は海にいる 42 "
	long := strings.Repeat(varied+"quartz vow", 20)
	cut := func(n int) string { return string([]rune(long)[:n]) }
	for n, want := range map[int]PasswordReason{
		0: PasswordShort, 1: PasswordShort, 11: PasswordShort, 12: "", 13: "", 256: "", 257: PasswordLong,
	} {
		if got := reason(CheckPassword(cut(n))); got != want {
			t.Errorf("%d characters: %q", n, got)
		}
	}
	if got := reason(CheckPassword(strings.Repeat("e\u0301x", 6)[:17])); got != PasswordShort {
		t.Errorf("an accent counts as a character: %q", got)
	}
}

func TestPasswordIsText(t *testing.T) {
	for _, password := range []string{"no control\x00 characters", "no line\nbreaks at all",
		"\xff\xfe invalid utf-8 text"} {
		if got := reason(CheckPassword(password)); got != PasswordText {
			t.Errorf("%q: %q", password, got)
		}
	}
}

func TestCommonPasswordsAreRefusedHoweverDressedUp(t *testing.T) {
	for _, password := range []string{
		"password1234", "Password2024!", "P@ssw0rd1234", "p4$$w0rd!!!!", "passwordpassword", "drowssap4321",
		"PASSWORD-PASSWORD-1", "p a s s w o r d 1 2 3", "ｐａｓｓｗｏｒｄ１２３４", "MyPassword123", "thisismypassword",
		"123456789012", "012345678901", "111111111111", "aaaaaaaaaaaa", "abcdefghijkl", "zyxwvutsrqpo", "121212121212",
		"qwertyuiop12", "qwertyuiopas", "1qaz2wsx3edc", "1q2w3e4r5t6y", "zaq12wsxcde3", "asdfghjkl123", "qwertz123456",
		"!@#$%^&*()12", "abc123abc123", "abcabcabcabc", "............", "------------", "            ",
		"iloveyou2023", "letmein12345", "welcome12345", "Welcome2024!!", "Summer2024!!", "adminadmin12",
		"administrator",
		"superman1234", "pokemon12345", "trustno1trustno1", "monkeymonkey", "dragon123456", "tigertigertiger",
		"correct horse battery staple", "correcthorsebatterystaple", "changeme1234", "football1999", "1999football",
		"secret-secret-secret", "helloworld123", "hello world!!", "sunshine12345", "princess2020", "michael19851985",
		"latchkey1234", "Latchkey-Admin-2026", "passwort1234", "motdepasse123", "x7kq2mx7kq2m",
	} {
		if got := reason(CheckPassword(password)); got != PasswordCommon {
			t.Errorf("%q: %q", password, got)
		}
	}
}

func TestOrdinaryGoodPasswordsPass(t *testing.T) {
	for _, password := range []string{
		"vG7#kq2!zPx9", "k3vin-bakes-rye", "mulberry canal teaspoon", "wobbly plumber ate kale", "hjxkqvwzpmtd",
		"my grandmother's blue bicycle", "zebra crossing at dawn", "Der Hund frisst Kuchen", "le chat dort au soleil",
		"мой дядя самых честных правил", "春眠不覺曉處處聞啼鳥夜來", "monkey8xk2qz7w", "password is not my password, gherkin",
		"550e8400-e29b-41d4-a716-446655440000", "83927465019283", "sunshine-tabby-quilt",
	} {
		if err := CheckPassword(password, "ada", "ada@example.org", "Ada Lovelace", "Resonite"); err != nil {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestPasswordsMadeOfOwnNamesAreRefused(t *testing.T) {
	own := []string{"wilhelmina", "wilhelmina.quist@example.org", "Wilhelmina Quist", "Grönlund"}
	for _, password := range []string{
		"wilhelmina12", "Wilhelmina2024", "W1lh3lm1na!!", "wilhelminaquist", "quist-wilhelmina", "animlehliw-1",
		"wilhelmina.quist@example.org", "Wilhelmina Quist", "quistquist12", "GRÖNLUND1234", "quist1990gold",
	} {
		if got := reason(CheckPassword(password, own...)); got != PasswordOwn {
			t.Errorf("%q: %q", password, got)
		}
		if password != "quistquist12" && CheckPassword(password) != nil {
			t.Errorf("%q is refused to others", password)
		}
	}
	for _, password := range []string{"wilhelmina hates beetroot", "a quist of pigeons, cooing"} {
		if err := CheckPassword(password, own...); err != nil {
			t.Errorf("%q: %v", password, err)
		}
	}
	// A name counts as a whole even if its words are too short to count.
	if got := reason(CheckPassword("zq-vx-kj-2024", "zq_vx-kj")); got != PasswordOwn {
		t.Errorf("%q", got)
	}
	// Names too short to matter and empty ones refuse nothing.
	if err := CheckPassword("quobixezfywa", "qu", "ob", "ix", "ez", "fy", "wa", "", " ", "@"); err != nil {
		t.Error(err)
	}
}

func TestPasswordErrorDoesNotRepeatThePassword(t *testing.T) {
	if err := CheckPassword("password1234"); err == nil || strings.Contains(err.Error(), "1234") {
		t.Error(err)
	}
}

func TestPeriodIsTheShortestRepeatedBeginning(t *testing.T) {
	for text, want := range map[string]int{"": 0, "a": 1, "aa": 1, "abab": 2, "ababa": 2, "abcab": 5, "abcabc": 3,
		"abcd": 4} {
		if got := period([]rune(text)); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func TestStemsAreWrittenAsTheyAreCompared(t *testing.T) {
	seen := map[string]bool{}
	for _, stem := range stems {
		if s := string(stem); s != string(fold(s)) || len(stem) < 2 || seen[s] {
			t.Errorf("%q is not folded, too short or there twice", s)
		} else {
			seen[s] = true
		}
	}
}

func FuzzCheckPassword(f *testing.F) {
	f.Add("password1234", "ada")
	f.Add("\xff\x00", "")
	f.Add(strings.Repeat("a", 300), strings.Repeat("b ", 300))
	f.Fuzz(func(t *testing.T, password, own string) {
		err := CheckPassword(password, own)
		if err == nil && (!utf8.ValidString(password) || utf8.RuneCountInString(password) < MinPassword) {
			t.Errorf("%q passes", password)
		}
		if err != nil && reason(err) == "" {
			t.Error(err)
		}
	})
}

func BenchmarkCheckPassword(b *testing.B) {
	longest := strings.Repeat("1l0v3qwe", 40)[:255] + "!"
	for b.Loop() {
		CheckPassword(longest, "wilhelmina", "wilhelmina@example.org")
	}
}
