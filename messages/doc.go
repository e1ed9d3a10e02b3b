// Package messages holds what actors say to each other. Messages are passed by pointer and never
// changed after they are sent.
//
// The conversation over one record, two mailbox hops:
//
//	source actor                       sink actor (one per destination)
//	   | -- Deliver{Ticket, Record} --------> |   attempts, waits, attempts ...
//	   | <------- Outcome{Ticket, ...} ------ |   exactly once per Ticket, or Parked{Ticket, ...}
//
// The conversation around it:
//
//	who -> whom              message      answer        when
//	source -> sinks          Resolve      Resolved      a record goes to a destination the source has no PID of
//	source -> sinks          Release      -             the source has nothing in flight there and lets it go
//	source -> sink           Connect      -             before the first Deliver of a session: forget what an earlier one sent
//	source -> sink           Withdraw     Outcome       another branch of the record has delivered it already
//	source -> sink           Unpark       -             it has heard that a record with that key is parked
//	sink   -> sinks          Restarted    -             it lost its memory
//	sinks  -> source         Resolved     -             ... so the source connects again and sends what is unsettled again
//	sink   -> source         Health       -             its breaker opened or closed
//	sinks  -> sink           Drain        (Terminated)  close the connector and stop
//	pipeline -> source       Pause        -             read no more; what is in flight goes on
//	pipeline -> source       Resume       -             read again
//	pipeline -> source       Drain        SourceEnded   read no more, settle what is in flight until the deadline, close
//	source -> pipeline       SourceState  -             opened, failing, failed
//	source -> pipeline       SourceEnded  -             nothing is in flight any more and the connector is closed
//	any    -> events         Status       -             what happens on the way, for those who subscribed
//
// "sinks" is the supervisor of a sink's destinations. Peers do not remember each other across
// restarts: whoever restarts tells its parent, the parent tells the source, and the source, which keeps
// every record until it is settled, connects again.
package messages
