// Command unused lists the functions, methods, types and variables of this module that
// no product code uses, exported ones included, and fails if there are any. It owns that
// question; staticcheck answers it for what is not exported. make lint runs it. What is
// there for tests of other packages says so in its comment: "For tests".
package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	found, err := unused(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "unused:", err)
		os.Exit(2)
	}
	for _, line := range found {
		fmt.Println(line)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

// unused returns one line for each thing that nothing uses.
func unused(dir string) (found []string, err error) {
	all, err := packages.Load(&packages.Config{Dir: dir, Mode: packages.NeedName | packages.NeedFiles |
		packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps}, "./...")
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if len(p.Errors) > 0 {
			return nil, errors.New(p.Errors[0].Error())
		}
	}
	templates, err := templateText(dir)
	if err != nil {
		return nil, err
	}
	required := interfaceMethods(all)
	used := map[string]bool{}
	for _, p := range all {
		for _, o := range p.TypesInfo.Uses {
			used[nameOf(o)] = true
		}
	}
	for _, p := range all {
		if helpsTests(p.PkgPath) {
			continue
		}
		tests := forTests(p)
		for id, o := range p.TypesInfo.Defs {
			if o == nil || tests[id] || used[nameOf(o)] || id.Name == "_" || id.Name == "main" || id.Name == "init" {
				continue
			}
			if called(o, required, templates) || !declared(o, p.Types) {
				continue
			}
			found = append(found, fmt.Sprintf("%s: no product code uses %s", p.Fset.Position(id.Pos()), nameOf(o)))
		}
	}
	slices.Sort(found)
	return found, nil
}

// helpsTests reports whether a package is for tests, or for other modules: the Go client
// of the API.
func helpsTests(path string) bool {
	return strings.HasSuffix(path, "test") || strings.HasSuffix(path, "/internal/browser") || strings.HasSuffix(path, "/api/client")
}

// forTests are the names of functions whose comment says that they are for tests.
func forTests(p *packages.Package) map[*ast.Ident]bool {
	names := map[*ast.Ident]bool{}
	for _, file := range p.Syntax {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.Contains(f.Doc.Text(), "For tests") {
				names[f.Name] = true
			}
		}
	}
	return names
}

// declared reports whether an object is a function, method, type or variable of a
// package: fields and constants are parts of a set that is of use as a whole.
func declared(o types.Object, p *types.Package) bool {
	switch v := o.(type) {
	case *types.Func:
		return true
	case *types.TypeName:
		return v.Parent() == p.Scope()
	case *types.Var:
		return !v.IsField() && v.Parent() == p.Scope()
	}
	return false
}

// called reports whether a method may be called without being named in Go: by an
// interface, or by a template.
func called(o types.Object, required map[string]bool, templates string) bool {
	f, ok := o.(*types.Func)
	if !ok || f.Signature().Recv() == nil {
		return false
	}
	return required[f.Name()] || types.IsInterface(f.Signature().Recv().Type()) || strings.Contains(templates, "."+f.Name())
}

// nameOf names an object alike in all of its instances.
func nameOf(o types.Object) string {
	if f, ok := o.(*types.Func); ok {
		return f.Origin().FullName()
	}
	if o.Pkg() == nil {
		return o.Name()
	}
	return o.Pkg().Path() + "." + o.Name()
}

// interfaceMethods are the names of the methods of all interfaces, of this module and of
// what it imports.
func interfaceMethods(all []*packages.Package) map[string]bool {
	names := map[string]bool{}
	packages.Visit(all, nil, func(p *packages.Package) {
		if p.Types == nil {
			return
		}
		for _, name := range p.Types.Scope().Names() {
			i, ok := p.Types.Scope().Lookup(name).Type().Underlying().(*types.Interface)
			if !ok {
				continue
			}
			for m := range i.Methods() {
				names[m.Name()] = true
			}
		}
	})
	return names
}

func templateText(dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "login/page/templates/*.html"))
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		text.Write(b)
	}
	return text.String(), nil
}
