// Package config turns YAML files into a checked configuration.
//
// The form of the files is written once, as tagged structs (package field): the engine's own in this
// package and in pipeline, delivery and steps, each connector's in its definition. From them come the
// checks of [Load], the JSON Schema of [Schema], and the reference texts of [Text] and [Markdown].
//
// Load goes through a file in this order:
//
//	read        the YAML becomes a tree of nodes that know their places; aliases, merge keys and
//	            ${ENV} references are resolved, duplicate keys reported
//	decode      the tree is held against the fields: unknown and missing keys, types, limits, expressions
//	connect     connectors whose keys are right are constructed, and may complain
//	rules       combinations that would hang, mislead or lose records are reported
//
// Nothing stops at the first mistake: every one of them becomes a [Diagnostic] with the place it was
// found at. What came from the environment or a file shows in no diagnostic.
package config
