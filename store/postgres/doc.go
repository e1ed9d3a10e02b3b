// Package postgres is the store in a PostgreSQL database, which several engines may share, and which other tools back up and
// replicate.
//
// Its tables are named acktor_*, and stand in the first schema of the search path: give each group of engines that must not
// see the other a schema of its own (?search_path=NAME in the URL). The role needs CREATE in it for the first start and for
// the first one after an upgrade.
//
// When Keep returns nil the change is as durable as the server makes a commit: synchronous_commit is on for our connections,
// whatever the default of the server is; with a synchronous standby it is there as well.
package postgres
