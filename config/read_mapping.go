package config

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// mapping converts a mapping. A key that is given twice is reported and counts once, as first given. What is
// merged in with << stands behind the mapping's own keys.
func (r *reader) mapping(start *token.Token, values []*ast.MappingValueNode, path string) *node {
	n := r.leaf(mappingNode, start)
	var merged []*node
	for i, value := range values {
		key, at := r.key(value.Key)
		if i == 0 {
			n.place, n.owner = at, at
		}
		if value.Key != nil && value.Key.IsMergeKey() {
			merged = append(merged, r.convert(value.Value, path))
			continue
		}
		child := r.convert(value.Value, join(path, key))
		child.owner = at
		if first, ok := n.entry(key); ok {
			r.errorf(at, join(path, key), "keep one of them", "given twice, first at %s", first.at)
			continue
		}
		n.put(entry{key, at, child})
	}
	for _, m := range merged {
		r.merge(n, m, path)
	}
	return n
}

// merge adds the entries of m, or of the mappings in the list m, that n does not have.
func (r *reader) merge(n, m *node, path string) {
	switch m.kind {
	case nullNode:
	case mappingNode:
		for _, e := range m.entries {
			if _, ok := n.entry(e.key); !ok {
				n.put(e)
			}
		}
	case sequenceNode:
		for _, item := range m.items {
			if item.kind == sequenceNode { // YAML merges a list of mappings, not lists of lists
				r.errorf(item.place, path, "", "<< wants mappings, found a list in a list")
				continue
			}
			r.merge(n, item, path)
		}
	default:
		r.errorf(m.place, path, "merge with <<: *name", "<< wants a mapping, found %s", m.describe())
	}
}

// key reads a key. Only scalars can be one: the text of others is "".
func (r *reader) key(key ast.MapKeyNode) (string, place) {
	switch k := key.(type) {
	case nil:
		return "", r.file.at(1, 1, "")
	case *ast.MappingKeyNode:
		if inner, ok := k.Value.(ast.MapKeyNode); ok {
			return r.key(inner)
		}
	case *ast.AliasNode, *ast.AnchorNode, *ast.TagNode:
	case ast.ScalarNode:
		return k.GetToken().Value, r.at(k.GetToken())
	}
	at := r.at(key.GetToken())
	r.errorf(at, "", "write the key itself", "a key has to be a plain text")
	return "", at
}
