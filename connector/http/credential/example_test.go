package credential_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/acktor/acktor/connector/http/credential"
	"github.com/acktor/acktor/field"
)

func ExampleAuth() {
	auth := credential.Auth{Basic: &credential.Basic{Username: "Aladdin", Password: "open sesame"}}
	authorizer, err := auth.Authorizer(nil)
	if err != nil {
		panic(err)
	}
	target, _ := url.Parse("https://crm.example/hook")
	request := &credential.Request{Method: "POST", URL: target, Header: http.Header{}, Body: []byte("{}"), ID: "order-17"}
	if err := authorizer.Authorize(context.Background(), request, time.Now()); err != nil {
		panic(err)
	}
	fmt.Println(request.Header.Get("Authorization"))
	// Output: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==
}

func ExampleVerify() {
	verify := credential.Verify{Bearer: &credential.VerifyBearer{Tokens: []field.Secret{"this month's", "last month's"}}}
	gate, err := verify.Gate()
	if err != nil {
		panic(err)
	}
	header := http.Header{"Authorization": {"Bearer last month's"}}
	fmt.Println(gate.Head(header.Values, nil))
	header = http.Header{"Authorization": {"Bearer guessed"}}
	fmt.Println(gate.Head(header.Values, nil))
	// Output:
	// <nil>
	// credential: bearer: not known
}
