package layers

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestTwoEnginesShareNothing(t *testing.T) {
	exports := map[string]string{}
	for _, p := range list(t, "-export", "-deps") {
		exports[p.ImportPath] = p.Export
	}
	fileSet := token.NewFileSet()
	compiled := importer.ForCompiler(fileSet, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, p := range list(t) {
		var files []*ast.File
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(fileSet, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		for _, complaint := range sharedState(t, fileSet, compiled, p.ImportPath, files) {
			t.Error(complaint)
		}
	}
}

// sharedState says where a package keeps something that two engines would share: an init function,
// a variable that is written to or whose type is made to be. Generated files are let pass.
func sharedState(t *testing.T, fileSet *token.FileSet, imports types.Importer, path string, files []*ast.File) []string {
	t.Helper()
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}
	config := types.Config{Importer: imports}
	checked, err := config.Check(path, fileSet, files, info)
	if err != nil {
		t.Fatal(err)
	}
	f := finder{scope: checked.Scope(), info: info, fileSet: fileSet}
	for _, file := range files {
		if !ast.IsGenerated(file) {
			ast.Inspect(file, f.visit)
		}
	}
	return f.found
}

// finder collects complaints about one package.
type finder struct {
	scope   *types.Scope
	info    *types.Info
	fileSet *token.FileSet
	found   []string
}

func (f *finder) complain(at token.Pos, format string, arguments ...any) {
	f.found = append(f.found, fmt.Sprintf("%s: %s", f.fileSet.Position(at), fmt.Sprintf(format, arguments...)))
}

func (f *finder) visit(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.FuncDecl:
		if n.Recv == nil && n.Name.Name == "init" {
			f.complain(n.Pos(), "an init function: let main or the engine call for what it does")
		}
	case *ast.ValueSpec:
		for _, name := range n.Names {
			f.declared(name)
		}
	case *ast.AssignStmt:
		for _, left := range n.Lhs {
			f.written(left)
		}
	case *ast.IncDecStmt:
		f.written(n.X)
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			f.written(n.X)
		}
	case *ast.SelectorExpr:
		f.called(n)
	}
	return true
}

// declared complains of a package's variable whose type is of use only when it changes.
func (f *finder) declared(name *ast.Ident) {
	variable, ok := f.info.Defs[name].(*types.Var)
	if !ok || variable.Parent() != f.scope {
		return
	}
	if _, isChan := variable.Type().Underlying().(*types.Chan); isChan || isSync(variable.Type()) {
		f.complain(name.Pos(), "variable %s is state that engines share: make it a field", name.Name)
	}
}

func isSync(t types.Type) bool {
	if pointer, ok := t.(*types.Pointer); ok {
		t = pointer.Elem()
	}
	named, ok := t.(*types.Named)
	return ok && named.Obj().Pkg() != nil && slices.Contains([]string{"sync", "sync/atomic"}, named.Obj().Pkg().Path())
}

// written complains when expression is a package's variable or a part of one.
func (f *finder) written(expression ast.Expr) {
	if variable := f.variable(expression); variable != nil {
		f.complain(expression.Pos(), "variable %s is written to, and engines share it: make it a field", variable.Name())
	}
}

// called complains of a method that may write to the package's variable it is called on.
func (f *finder) called(selector *ast.SelectorExpr) {
	selection := f.info.Selections[selector]
	if selection == nil || selection.Kind() != types.MethodVal {
		return
	}
	receiver := selection.Obj().(*types.Func).Signature().Recv().Type()
	_, byPointer := receiver.(*types.Pointer)
	_, isPointer := selection.Recv().Underlying().(*types.Pointer)
	if byPointer && !isPointer {
		f.written(selector.X)
	}
}

// variable returns the variable of this package that expression stands in, or nil. What a pointer
// leads to is not part of the variable.
func (f *finder) variable(expression ast.Expr) *types.Var {
	switch e := expression.(type) {
	case *ast.ParenExpr:
		return f.variable(e.X)
	case *ast.IndexExpr:
		return f.variable(e.X)
	case *ast.SelectorExpr:
		return f.variable(e.X)
	case *ast.Ident:
		if variable, ok := f.info.Uses[e].(*types.Var); ok && variable.Parent() == f.scope {
			return variable
		}
	}
	return nil
}

func TestSharedStateIsFound(t *testing.T) {
	const head = "package p\nimport (\"sync\"; \"sync/atomic\"; \"errors\"; \"strings\")\n" +
		"var _ sync.Mutex; var _ atomic.Int64; var _ = errors.New; var _ strings.Builder\n"
	cases := map[string]struct {
		code  string
		found int
	}{
		"sentinel":          {`var ErrGone = errors.New("gone")`, 0},
		"table":             {`var names = map[string]int{"a": 1}; func f() int { return names["a"] }`, 0},
		"init":              {`func init() {}`, 1},
		"method named init": {`type t struct{}; func (t) init() {}`, 0},
		"mutex":             {`var mu sync.Mutex`, 1},
		"counter":           {`var n atomic.Int64`, 1},
		"channel":           {`var c = make(chan int)`, 1},
		"assigned":          {`var n = 0; func f() { n = 1 }`, 1},
		"incremented":       {`var n = 0; func f() { n++ }`, 1},
		"map entry":         {`var m = map[int]int{}; func f() { m[1] = 2 }`, 1},
		"field":             {`var s struct{ a [2]int }; func f() { s.a[1] = 2 }`, 1},
		"address":           {`var n = 0; func f() *int { return &n }`, 1},
		"pointer method":    {`var b strings.Builder; func f() { b.Reset() }`, 1},
		"shadowed":          {`var n = 0; func f() { n := 1; n = 2; _ = n }`, 0},
		"local":             {`func f() { var mu sync.Mutex; mu.Lock() }`, 0},
	}
	fileSet := token.NewFileSet()
	imports := importer.ForCompiler(fileSet, "source", nil)
	for name, c := range cases {
		file, err := parser.ParseFile(fileSet, "p.go", head+c.code, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		found := sharedState(t, fileSet, imports, "p", []*ast.File{file})
		if len(found) != c.found {
			t.Errorf("%s: found %q", name, found)
		}
	}
}
