// Package generate is the connector that makes records up: for demonstrations, for trying out a
// pipeline, and for measuring.
//
// The records are numbered from 1. The number stands in the header "seq", in the id, and in the position, so
// that a source that is opened again goes on behind its last committed position and count is honoured. That
// holds within one run: another run begins at 1 again, with other ids.
//
// The data is a template over the record, or else JSON of a fixed size.
//
// With a rate, records keep to a schedule: what was not read in time is made up for, but never more than one second's worth.
package generate
