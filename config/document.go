package config

import (
	"net"
	"net/netip"
	"reflect"

	"github.com/acktor/acktor/field"
)

// document reads all files, puts them together and decodes the whole.
func (d *decoder) document(lookup func(string) (string, bool)) *document {
	whole := &node{kind: mappingNode}
	pipelines := &node{kind: mappingNode}
	for _, f := range d.files {
		r := &reader{report: d.report, file: f, lookup: lookup, anchors: map[string]*node{}}
		before := d.errors
		root := r.read()
		if root == nil && d.errors > before {
			pipelines.broken = true // whether there are pipelines cannot be told
		}
		d.combine(whole, pipelines, root)
	}
	if whole.place.file == nil && len(d.files) > 0 {
		whole.place = d.files[0].at(1, 1, "")
		whole.owner = whole.place
	}
	if len(pipelines.entries) > 0 {
		whole.put(entry{"pipelines", pipelines.owner, pipelines})
	}
	doc := &document{}
	d.structure(whole, field.Describe(doc), reflect.ValueOf(doc).Elem(), "")
	d.checkSettings(&doc.Settings, whole)
	if len(doc.Pipelines) == 0 && !pipelines.broken {
		d.errorf(whole.place, "", "add one: pipelines: {NAME: {source: ..., sinks: ...}}", "there are no pipelines")
	}
	return doc
}

// combine adds the keys of one file to those of all. Pipelines are gathered by name; every other key may stand
// in one file only.
func (d *decoder) combine(whole, pipelines, root *node) {
	if root == nil {
		return
	}
	if !d.wants(root, mappingNode, "", "keys and values", "pipelines: ...") {
		pipelines.broken = true
		return
	}
	if whole.place.file == nil {
		whole.place, whole.owner = root.place, root.owner
	}
	for _, e := range root.entries {
		if e.key == "pipelines" {
			d.gather(pipelines, e)
			continue
		}
		if first, ok := whole.entry(e.key); ok {
			d.errorf(e.at, e.key, "keep one of them", "given twice, first at %s", first.at)
			continue
		}
		whole.put(e)
	}
}

// gather adds the pipelines of one file.
func (d *decoder) gather(pipelines *node, e entry) {
	if pipelines.owner.file == nil {
		pipelines.place, pipelines.owner = e.value.place, e.at
	}
	if !d.wants(e.value, mappingNode, e.key, "names and values", "{orders: {source: ..., sinks: ...}}") {
		pipelines.broken = true
		return
	}
	for _, one := range e.value.entries {
		if first, ok := pipelines.entry(one.key); ok {
			d.errorf(one.at, join(e.key, one.key), "rename one of them", "the pipeline %q is defined twice, first at %s", one.key, first.at)
			continue
		}
		pipelines.put(one)
	}
}

func (d *decoder) checkSettings(settings *Settings, whole *node) {
	admin := settings.Admin
	if !admin.Enabled || !sound(whole, "admin.address") {
		return
	}
	at := whole.find("admin.address")
	host, _, err := net.SplitHostPort(admin.Address)
	switch {
	case err != nil:
		d.errorf(at, "admin.address", "for example 127.0.0.1:7717", "the address is not host:port")
	case !isLoopback(host):
		d.errorf(at, "admin.address", "use 127.0.0.1:PORT and a proxy that does both, or a tunnel",
			"the address is not a loopback address: that would need a token and TLS, which are not there")
	}
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}
