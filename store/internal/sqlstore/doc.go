// Package sqlstore is store.Store over database/sql: one schema and one way of writing for every database, and a Dialect
// for what differs between them.
//
// One goroutine writes. It takes what waits, of all callers, does it in one transaction, and answers all of them
// after the commit. So a call of fsync is shared by as many callers as there are while it runs. Reads go to a pool of their own.
//
// What a row says stands in blobs that end in a checksum over themselves and what identifies the row; the columns beside
// them are there to be searched. A row that does not match its checksum is moved to the table acktor_damaged, logged, and
// listed by Damage.
package sqlstore
