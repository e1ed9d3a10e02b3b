// Package credential proves who sends a request, and checks who has sent one.
//
// Auth is the configuration of what a client adds to each request: user and password, a token, a key, a token of OAuth 2.0 that it
// gets for itself, AWS Signature Version 4, or signatures of package signature. It makes an Authorizer.
//
// Verify is the configuration of what a server wants to see: user and password, a token, a client certificate, signatures. It
// makes a Gate, which judges what comes with the head of a request before its body is read.
//
// Certificate is a certificate that follows its files, for either side of TLS.
//
// The time is an argument everywhere, and nothing keeps a goroutine. Secrets are compared in a time that depends on neither of the
// two, and are in no error.
package credential
