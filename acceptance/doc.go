// Package acceptance holds the engine as a whole to its word. It has tests only.
//
// Each test loads a pipeline from YAML, in the form that users write, sends records over real sockets and looks at three
// sides at once: what the caller is answered, what the peer behind the sink has seen, and what the engine says of itself.
// A record that is lost, told of twice or attempted behind somebody's back makes them differ.
//
//	caller --HTTP--> source | engine | sink --HTTP--> peer
//
// Peers are servers on the loopback address. They answer what a test tells them to, or do what no server should: hang,
// reset, speak nonsense. Tests wait for what they expect to happen; where time itself is the subject, as with
// Retry-After, they measure it at the peer, where a slow machine only makes it longer.
//
// The long ones are built with the tag acceptance.
package acceptance
