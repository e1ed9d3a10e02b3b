package roles

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	"github.com/valyala/fasthttp"
)

// The HTTP implementations that baselines are written with.
const (
	NetHTTP  = "nethttp"
	FastHTTP = "fasthttp"
)

// poster makes a function that posts a body and returns when it was answered 2xx, with at most connections connections.
// The function may be called at the same time.
func poster(implementation string, connections int) (func(url string, body []byte) error, error) {
	switch implementation {
	case NetHTTP:
		return netPoster(connections), nil
	case FastHTTP:
		return fastPoster(connections), nil
	}
	return nil, fmt.Errorf("there is no HTTP implementation %q", implementation)
}

func netPoster(connections int) func(string, []byte) error {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost, transport.MaxConnsPerHost = connections, connections, connections
	client := &http.Client{Transport: transport}
	return func(url string, body []byte) error {
		response, err := client.Post(url, "application/json", bytes.NewReader(body))
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if err == nil && response.StatusCode/100 != 2 {
			err = fmt.Errorf("answered %s", response.Status)
		}
		return err
	}
}

func fastPoster(connections int) func(string, []byte) error {
	client := &fasthttp.Client{MaxConnsPerHost: connections, NoDefaultUserAgentHeader: true}
	return func(url string, body []byte) error {
		request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(request)
		defer fasthttp.ReleaseResponse(response)
		request.SetRequestURI(url)
		request.Header.SetMethod(fasthttp.MethodPost)
		request.Header.SetContentType("application/json")
		request.SetBodyRaw(body)
		if err := client.Do(request, response); err != nil {
			return err
		}
		if response.StatusCode()/100 != 2 {
			return fmt.Errorf("answered %d", response.StatusCode())
		}
		return nil
	}
}
