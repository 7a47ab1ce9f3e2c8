// Command lint is the vet tool of this project: the analyzers that go vet does
// not bring, chosen one by one. It owns that choice; why each was chosen is in
// docs/development.md. make lint runs it.
package main

import (
	"go/ast"
	"strings"

	"github.com/gordonklaus/ineffassign/pkg/ineffassign"
	"github.com/kisielk/errcheck/errcheck"
	"github.com/polyfloyd/go-errorlint/errorlint"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/nilness"
	"golang.org/x/tools/go/analysis/passes/reflectvaluecompare"
	"golang.org/x/tools/go/analysis/passes/unusedwrite"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	unitchecker.Main(
		productOnly(withoutDeferred(errcheck.Analyzer)),
		productOnly(bodyclose.Analyzer),
		productOnly(errorlint.NewAnalyzer()),
		ineffassign.Analyzer,
		productOnly(nilness.Analyzer),
		reflectvaluecompare.Analyzer,
		unusedwrite.Analyzer,
	)
}

// productOnly keeps an analyzer's findings out of tests and of the packages that
// help them (kvtest), where a lost error, an open body or a nil shows in the
// test's outcome or ends with its process.
func productOnly(a *analysis.Analyzer) *analysis.Analyzer {
	return filtered(a, func(pass *analysis.Pass, d analysis.Diagnostic) bool {
		return !strings.HasSuffix(pass.Fset.File(d.Pos).Name(), "_test.go") && !strings.HasSuffix(pass.Pkg.Name(), "test")
	})
}

// withoutDeferred lets deferred calls be: defer f.Close() tidies up after a
// read or a failure, whose error is the one that counts. What was written is
// closed, and that error checked, before the deferred call comes.
func withoutDeferred(a *analysis.Analyzer) *analysis.Analyzer {
	return filtered(a, func(pass *analysis.Pass, d analysis.Diagnostic) bool {
		deferred := false
		for _, file := range pass.Files {
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.DeferStmt); ok {
					_, literal := s.Call.Fun.(*ast.FuncLit)
					deferred = deferred || !literal && s.Pos() <= d.Pos && d.Pos < s.End()
				}
				return !deferred
			})
		}
		return !deferred
	})
}

// filtered makes an analyzer report only what keep agrees to.
func filtered(a *analysis.Analyzer, keep func(*analysis.Pass, analysis.Diagnostic) bool) *analysis.Analyzer {
	run := a.Run
	a.Run = func(pass *analysis.Pass) (any, error) {
		report := pass.Report
		pass.Report = func(d analysis.Diagnostic) {
			if keep(pass, d) {
				report(d)
			}
		}
		return run(pass)
	}
	return a
}
