// Package signature signs webhooks and verifies the signatures of others, over the bytes of a body as they
// are on the wire.
//
//	Standard Webhooks   webhook-id, webhook-timestamp, webhook-signature; HMAC-SHA256 (v1) and Ed25519 (v1a)
//	GitHub              X-Hub-Signature-256
//	Stripe              Stripe-Signature
//	Slack               X-Slack-Signature, X-Slack-Request-Timestamp
//	Shopify             X-Shopify-Hmac-Sha256
//	HMAC                any other: header, algorithm, encoding, prefix, and what is signed
//
// Each can have several keys at once, for the time in which one replaces another: a signer signs with all of them, a
// verifier is content with any. Comparisons take the same time wherever texts differ.
//
// Nothing here reads a clock, keeps a goroutine or does I/O: the time is an argument. Signers and verifiers are never
// changed once they are made, so that any number of goroutines may use one.
//
// A signature with a timestamp can be replayed while the timestamp is fresh. Replay remembers what was seen for so
// long. What has no signed timestamp (GitHub, Shopify) can be replayed for ever.
package signature
