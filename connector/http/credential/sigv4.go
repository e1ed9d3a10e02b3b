package credential

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/field"
)

// SigV4 configures AWS Signature Version 4, in headers.
type SigV4 struct {
	AccessKey     string       `config:"access_key,required" doc:"The id of the access key." example:"${AWS_ACCESS_KEY_ID}"`
	SecretKey     field.Secret `config:"secret_key,required" doc:"The secret access key." example:"${AWS_SECRET_ACCESS_KEY}"`
	SessionToken  field.Secret `config:"session_token" doc:"The session token of temporary credentials." example:"${AWS_SESSION_TOKEN}"`
	Region        string       `config:"region,required" doc:"The region." example:"eu-central-1"`
	Service       string       `config:"service,required" doc:"The service, as it is named in signatures." example:"execute-api"`
	ContentSHA256 bool         `config:"content_sha256" default:"false" doc:"Send the hash of the body in x-amz-content-sha256. Always so for the service s3."`
}

// Validate names the key that is wrong, as a *connector.ConfigError.
func (s *SigV4) Validate() error {
	for _, one := range []struct{ key, text string }{
		{"access_key", s.AccessKey}, {"secret_key", s.SecretKey.Reveal()}, {"region", s.Region}, {"service", s.Service},
	} {
		if one.text == "" {
			return &connector.ConfigError{Key: one.key, Text: "is empty"}
		}
		if one.key != "secret_key" && strings.ContainsAny(one.text, "/, \t\r\n") {
			return &connector.ConfigError{Key: one.key, Text: "holds a character that would end it", Cure: "write it without slashes, commas and spaces"}
		}
	}
	if s.SessionToken != "" {
		return checkText("session_token", s.SessionToken)
	}
	return nil
}

func (s *SigV4) authorizer() (Authorizer, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return &sigV4{config: *s}, nil
}

// sigV4 signs requests. The key that it derives holds for a day.
type sigV4 struct {
	config SigV4

	mu  sync.Mutex
	day string
	key []byte
}

const (
	sigV4Time      = "20060102T150405Z"
	sigV4Day       = "20060102"
	sigV4Algorithm = "AWS4-HMAC-SHA256"
)

// Authorize sets X-Amz-Date and Authorization, with X-Amz-Security-Token and X-Amz-Content-Sha256 where they are needed. It writes the query
// of the URL in the form that is signed.
func (s *sigV4) Authorize(_ context.Context, r *Request, now time.Time) error {
	if r.URL == nil || r.Host == "" && r.URL.Host == "" {
		return errors.New("credential: the request has no host")
	}
	now = now.UTC()
	sum := sha256.Sum256(r.Body)
	hash := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Date", now.Format(sigV4Time))
	if s.config.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", s.config.SessionToken.Reveal())
	}
	if s.config.ContentSHA256 || s.isS3() {
		r.Header.Set("X-Amz-Content-Sha256", hash)
	}
	query, err := canonicalQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	changed := *r.URL
	changed.RawQuery = query
	r.URL = &changed
	path := r.URL.EscapedPath()
	if !s.isS3() {
		path = canonicalPath(path)
	} else if path == "" {
		path = "/"
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	names, block := canonicalHeaders(host, r.Header)
	r.Header.Set("Authorization", s.authorization(now, strings.Join([]string{r.Method, path, query, block, names, hash}, "\n"), names))
	return nil
}

func (s *sigV4) Refused(http.Header, time.Time) bool { return false }

// isS3 says whether paths are signed as they are: S3 takes a.b and a./b for different objects.
func (s *sigV4) isS3() bool { return s.config.Service == "s3" }

// authorization returns the value of the header for a canonical request.
func (s *sigV4) authorization(now time.Time, request, names string) string {
	day := now.Format(sigV4Day)
	scope := day + "/" + s.config.Region + "/" + s.config.Service + "/aws4_request"
	sum := sha256.Sum256([]byte(request))
	text := sigV4Algorithm + "\n" + now.Format(sigV4Time) + "\n" + scope + "\n" + hex.EncodeToString(sum[:])
	return sigV4Algorithm + " Credential=" + s.config.AccessKey + "/" + scope + ", SignedHeaders=" + names +
		", Signature=" + hex.EncodeToString(hmacSHA256(s.keyOf(day), text))
}

func (s *sigV4) keyOf(day string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.day != day {
		key := []byte("AWS4" + s.config.SecretKey.Reveal())
		for _, part := range []string{day, s.config.Region, s.config.Service, "aws4_request"} {
			key = hmacSHA256(key, part)
		}
		s.day, s.key = day, key
	}
	return s.key
}

func hmacSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(text))
	return mac.Sum(nil)
}
