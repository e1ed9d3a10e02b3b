// Package ledger keeps count of records: which were taken, which twice, which out of their order.
//
// Every record of the suite carries its number, from 1 on, in its data, so that any receiving end, of whatever make, can keep
// a ledger without knowing who sent: see Line and Numbers.
package ledger
