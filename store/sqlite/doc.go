// Package sqlite is the embedded store: an SQLite database in a directory that one engine holds at a time.
//
//	DIR/lock            held by the engine that uses DIR, with its process id for people to read
//	DIR/acktor.db       the database; acktor.db-wal and acktor.db-shm stand beside it while it is open
//
// Nothing is on disk before the first change: an engine that keeps nothing leaves no trace. The directory and its
// files are for their owner alone.
//
// When Keep returns nil the change survives a crash of the process, of the system and of the power, as far as the
// disk keeps its word about fsync: the write-ahead log is synced with every transaction (synchronous=FULL), and what waits
// meanwhile shares the next one.
//
// # When the last engine did not close it
//
// The end of the write-ahead log may be torn then, which is harmless: nobody was told that it was kept. A
// bit that flipped in the middle of the log is not: SQLite reads the log up to there and drops what follows without a word. So Open
// looks for transactions behind the place where SQLite will stop. If there are any it keeps a copy of the log beside it, and
// reports the loss. It also checks the structure of the whole database (quick_check) and refuses one that is broken.
package sqlite
