package keys

import (
	"context"
	"testing"
	"time"
)

// idToken is about what an ID token carries.
type idToken struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	Issued   int64  `json:"iat"`
	AuthTime int64  `json:"auth_time"`
	Nonce    string `json:"nonce"`
	AtHash   string `json:"at_hash"`
	SID      string `json:"sid"`
}

var someClaims = idToken{
	"https://id.example.org", "019b0000-0000-7000-8000-000000000000", "019b0000-0000-7000-8000-000000000001",
	1767323045, 1767319445, 1767319000, "n-0S6_WzA2Mj", "77QmUPtjPfzWtF2AnpK9RQ", "08a5019c17e1495e",
}

func BenchmarkSign(b *testing.B) {
	r := everyAlgorithm(b)
	for _, alg := range r.Algorithms() {
		b.Run(alg, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Sign(context.Background(), alg, TypeJWT, someClaims); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	r := everyAlgorithm(b)
	for _, alg := range r.Algorithms() {
		token, err := r.Sign(context.Background(), alg, TypeJWT, someClaims)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(alg, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := r.Verify(TypeJWT, token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSeal(b *testing.B) {
	r, _ := newRing(b)
	binding, plaintext := make([]byte, 16), make([]byte, 300)
	sealed := r.Seal(PurposeFlow, binding, plaintext)
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Seal(PurposeFlow, binding, plaintext)
		}
	})
	b.Run("unseal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Unseal(PurposeFlow, binding, sealed); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAccessToken(b *testing.B) {
	r, _ := newRing(b)
	token, err := r.SealAccessToken(make([]byte, 80))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.SealAccessToken(make([]byte, 80))
		}
	})
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := r.OpenAccessToken(token); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkMAC(b *testing.B) {
	r, _ := newRing(b)
	a, c := make([]byte, 32), make([]byte, 16)
	b.ReportAllocs()
	for b.Loop() {
		r.MAC(PurposeRefresh, a, c)
	}
}

func BenchmarkVerifyClientSecret(b *testing.B) {
	r, _ := newRing(b)
	secret := NewClientSecret()
	hash := r.HashClientSecret(secret)
	b.ReportAllocs()
	for b.Loop() {
		if !r.VerifyClientSecret(hash, secret) {
			b.Fatal("refused")
		}
	}
}

func BenchmarkPassword(b *testing.B) {
	h, _, _ := newHasher(b)
	for b.Loop() {
		if err := h.VerifyNothing(context.Background(), pass); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen is what the keys add to the time from start to first answer.
func BenchmarkOpen(b *testing.B) {
	_, store := newRing(b)
	o := options(store)
	o.Now = time.Now
	for b.Loop() {
		openRing(b, o)
	}
}
