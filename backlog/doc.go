// Package backlog hands a pipeline's records to its source actor: those that the source reads, and those that the engine
// answers for by itself, over restarts, until their final outcome. These are
//
//	accepted  the source wants to hear that a record is safe, before anybody has tried to deliver it
//	parked    the record's next attempt is far away: it has left the window, so that others can take its place
//	replayed  it was taken out of the dead letters
//
// An accepted record goes its way like this; the others begin at the store:
//
//	source -> Feed -> store.Keep -> source.Settle(accepted)
//	                  store, or what of it is in memory -> Feed.Read -> source actor -> ... -> store.Keep(remove)
//
// What is not in memory is read from the store again in its order, so that a backlog of millions costs no more memory than
// a short one. Of a parked record only its time is in memory.
package backlog
