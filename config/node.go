package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is one value of a YAML file.
type node struct {
	kind  nodeKind
	place place
	owner place // the key it stands behind; the node's own place when there is none

	scalar
	entries []entry // of a mapping, in file order, keys unique
	byKey   map[string]int
	items   []*node // of a sequence
	broken  bool    // already reported: whatever else would be said about the value follows from that
}

type nodeKind uint8

const (
	nullNode nodeKind = iota
	scalarNode
	mappingNode
	sequenceNode
)

// entry is one key of a mapping and its value.
type entry struct {
	key   string
	at    place
	value *node
}

// scalar is the text of a scalar, as read and after references were filled in.
type scalar struct {
	style  style
	raw    string  // as read, quotes and escapes undone
	text   string  // with references filled in
	pieces []piece // how text came from raw; none: they are the same
}

// piece says that text[start:end] came from raw[raw:]: character by character, or filled in for a reference.
type piece struct {
	start, end, raw int
	origin          origin
}

// origin says where the text of a piece comes from.
type origin uint8

const (
	fromText        origin = iota // what stands there
	fromDefault                   // the default within a reference
	fromEnvironment               // a variable
)

type style uint8

const (
	plainStyle style = iota
	singleStyle
	doubleStyle
	literalStyle
	foldedStyle
)

// put adds an entry whose key is new.
func (n *node) put(e entry) {
	if n.byKey == nil {
		n.byKey = map[string]int{}
	}
	n.byKey[e.key] = len(n.entries)
	n.entries = append(n.entries, e)
}

// entry returns the entry of a key.
func (n *node) entry(key string) (entry, bool) {
	i, ok := n.byKey[key]
	if !ok {
		return entry{}, false
	}
	return n.entries[i], true
}

// value returns the value of a key; null counts as absent.
func (n *node) value(key string) (*node, bool) {
	e, ok := n.entry(key)
	return e.value, ok && (e.value.kind != nullNode || e.value.broken)
}

// without returns a mapping of those entries that drop does not ask for.
func (n *node) without(drop func(key string) bool) *node {
	kept := &node{kind: mappingNode, place: n.place, owner: n.owner}
	for _, e := range n.entries {
		if !drop(e.key) {
			kept.put(e)
		}
	}
	return kept
}

// filled reports whether a part of the text stands for a reference, so that the text is not what the file says.
func (n *node) filled() bool {
	return slices.ContainsFunc(n.pieces, func(p piece) bool { return p.origin != fromText })
}

// values are the parts of the text that came from the environment.
func (n *node) values() []string {
	var values []string
	for _, p := range n.pieces {
		if p.origin == fromEnvironment {
			values = append(values, n.text[p.start:p.end])
		}
	}
	return values
}

// describe says in words what was found, never what was filled in.
func (n *node) describe() string {
	switch n.kind {
	case nullNode:
		return "nothing"
	case mappingNode:
		return "a mapping"
	case sequenceNode:
		return "a list"
	}
	return strconv.Quote(shorten(n.raw, 60))
}

func shorten(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-3]) + "..."
}

// follow goes down a key with dots ("tls.cert", "urls[1]", "urls.1") as far as it exists, and reports whether
// that was all the way.
func (n *node) follow(key string) (*node, bool) {
	key = strings.NewReplacer("[", ".", "]", "").Replace(key)
	for part := range strings.SplitSeq(key, ".") {
		next := n.child(part)
		if next == nil {
			return n, key == ""
		}
		n = next
	}
	return n, true
}

// find returns the place of the value of a key with dots: of the value itself where it is a text or a list,
// else of the key that it, or the innermost thing around it that exists, stands behind.
func (n *node) find(key string) place {
	found, exact := n.follow(key)
	if exact && key != "" && (found.kind == scalarNode || found.kind == sequenceNode) {
		return found.place
	}
	return found.owner
}

// sound reports whether nothing was wrong at a key with dots, or around it where it does not exist.
func sound(n *node, key string) bool {
	found, _ := n.follow(key)
	return !found.broken
}

func (n *node) child(part string) *node {
	if e, ok := n.entry(part); ok {
		return e.value
	}
	if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(n.items) {
		return n.items[i]
	}
	return nil
}

// at returns the place of the byte at offset of the text, as exactly as the scalar's style allows.
func (n *node) at(offset int) place {
	raw := offset
	for _, p := range n.pieces {
		if offset >= p.start {
			raw = p.raw
			if p.origin == fromText {
				raw += offset - p.start
			}
		}
	}
	return n.rawAt(raw)
}

// rawAt returns the place of the byte at offset of raw, or the scalar's start when it cannot be told.
func (n *node) rawAt(offset int) place {
	offset = max(0, min(offset, len(n.raw)))
	rest := n.place.file.rest(n.place.line, n.place.column)
	switch {
	case n.style == plainStyle && strings.HasPrefix(rest, n.raw):
		return n.place.moved(utf8.RuneCountInString(n.raw[:offset]))
	case n.style == singleStyle || n.style == doubleStyle:
		if columns, ok := quotedColumn(rest, offset, n.style); ok {
			return n.place.moved(columns)
		}
	case n.style == literalStyle:
		return n.literalAt(offset)
	}
	return n.place
}

// literalAt finds a place in a block scalar: its lines follow the indicator's, indented.
func (n *node) literalAt(offset int) place {
	before := n.raw[:offset]
	at, start := n.place, strings.LastIndexByte(before, '\n')+1
	wanted, _, _ := strings.Cut(n.raw[start:], "\n")
	at.line += 1 + strings.Count(before, "\n")
	indent, ok := strings.CutSuffix(at.file.line(at.line), wanted)
	if !ok {
		return n.place
	}
	at.column = 1
	return at.moved(utf8.RuneCountInString(indent) + utf8.RuneCountInString(before[start:]))
}

// quotedColumn counts the characters of source, from its opening quote on, that stand before the byte at
// offset of the unquoted text. It gives up where the text goes on in the next line.
func quotedColumn(source string, offset int, s style) (int, bool) {
	columns, quote := 1, byte('\'')
	if s == doubleStyle {
		quote = '"'
	}
	if source == "" || source[0] != quote {
		return 0, false
	}
	source = source[1:]
	for offset > 0 {
		if source == "" {
			return 0, false
		}
		taken, produced := 1, 1
		switch {
		case s == doubleStyle && source[0] == '\\':
			taken, produced = escape(source)
		case s == singleStyle && strings.HasPrefix(source, "''"):
			taken = 2
		default:
			_, taken = utf8.DecodeRuneInString(source)
			produced = taken
		}
		if taken == 0 || taken > len(source) {
			return 0, false
		}
		columns += utf8.RuneCountInString(source[:taken])
		source, offset = source[taken:], offset-produced
	}
	return columns, true
}

// escape measures an escape sequence (YAML 1.2 section 5.7) and the bytes that it stands for.
func escape(source string) (taken, produced int) {
	if len(source) < 2 {
		return 0, 0
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[source[1]]
	if digits == 0 {
		return 2, 1 + strings.Count("N_", source[1:2]) + 2*strings.Count("LP", source[1:2])
	}
	if len(source) < 2+digits {
		return 0, 0
	}
	code, err := strconv.ParseUint(source[2:2+digits], 16, 32)
	if err != nil {
		return 0, 0
	}
	return 2 + digits, utf8.RuneLen(rune(code))
}

// join makes the path of a key.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// index makes the path of a list's element.
func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
