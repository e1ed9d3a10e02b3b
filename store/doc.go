// Package store keeps what must survive a restart: the committed position of each partition of each pipeline.
//
// A source actor saves a position once every record up to it is settled, and loads it when its source opens
// again. It saves first and acknowledges upstream afterwards. So a position that a store loses, or has from
// before, costs duplicates and never a record; a position that no engine saved would cost records, which is why
// a store reports damage and does not guess.
//
//	NewMemory      for tests, demos and sources that begin anew at each start; nothing survives the process
//	OpenDirectory  one file per pipeline in a directory that one engine holds at a time
//
// # The directory
//
//	DIR/lock                         held by the engine that uses DIR, with its process id for people to read
//	DIR/positions/orders.positions   the positions of the pipeline "orders"
//
// Nothing is on disk before the first Save: an engine whose sources keep no positions leaves no trace. A
// positions file is text that people can read, and is replaced as a whole:
//
//	acktor-positions 1
//	pipeline "orders"
//	position "events.ndjson" 4096 ""
//	crc32c 1f0c3a77
//
// A save writes DIR/positions/orders.positions.tmp, syncs it, renames it over the old file and syncs the directory.
// When Save returns nil the positions survive a crash of the process, of the system and of the power, as far as the file
// system keeps its word about fsync. A crash in the middle leaves the old file, or the new one, never a mixture.
// A file that was torn, changed by hand, misplaced or written by a newer engine is refused with an error that
// names it and the cure, and is left as it is.
package store
