package signature_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/acktor/acktor/connector/http/signature"
)

func ExampleNewStandardSigner() {
	signer, err := signature.NewStandardSigner("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		panic(err)
	}
	header := http.Header{}
	signer.Sign(header.Set, "msg_p5jXN8AQM9LWM0D4loKWxJek", []byte(`{"test": 2432232314}`), time.Unix(1614265330, 0))
	fmt.Println(header.Get("webhook-signature"))
	// Output: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
}

func ExampleNewStandardVerifier() {
	verifier, err := signature.NewStandardVerifier(0, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		panic(err)
	}
	header := http.Header{}
	header.Set("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
	header.Set("webhook-timestamp", "1614265330")
	header.Set("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
	soon, late := time.Unix(1614265330, 0), time.Unix(1614265330, 0).Add(time.Hour)
	fmt.Println(verifier.Verify(header.Values, []byte(`{"test": 2432232314}`), soon))
	_, err = verifier.Verify(header.Values, []byte(`{"test": 2432232314}`), late)
	fmt.Println(errors.Is(err, signature.ErrStale), err)
	// Output:
	// msg_p5jXN8AQM9LWM0D4loKWxJek <nil>
	// true signature: webhook-timestamp: stale: the timestamp is more than 5m0s old
}

func ExampleGitHub() {
	github, err := signature.GitHub("It's a Secret to Everybody")
	if err != nil {
		panic(err)
	}
	header := http.Header{}
	header.Set("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	_, err = github.Verify(header.Values, []byte("Hello, World!"), time.Now())
	fmt.Println(err)
	_, err = github.Verify(header.Values, []byte("Hello, world!"), time.Now())
	fmt.Println(err)
	// Output:
	// <nil>
	// signature: X-Hub-Signature-256: no match
}

func ExampleReplay() {
	replay := signature.NewReplay(5*time.Minute, 0)
	now := time.Now()
	fmt.Println(replay.Claim("msg_1", now) == signature.Fresh)
	replay.Keep("msg_1") // it was taken for good
	fmt.Println(replay.Claim("msg_1", now) == signature.Seen)
	// Output:
	// true
	// true
}
