package delivery

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/acktor/acktor/connector"
)

// maxDetail bounds the detail of a failure, in bytes.
const maxDetail = 512

// permanentStatus reports whether an answer with status means that the same request will never do: the peer
// understood it. The status is that of RFC 9110 section 15; 0 means that there was none.
func permanentStatus(status int) bool {
	switch status {
	case 408, 425, 429:
		return false
	case 501:
		return true
	}
	return 300 <= status && status <= 499
}

// trips reports whether an attempt that ended so counts against the destination's health.
func trips(class connector.Class, status int) bool {
	if 400 <= status && status <= 499 || status == 501 {
		return false
	}
	switch class {
	case connector.ConnectTimeout, connector.Refused, connector.DNS, connector.TLS, connector.Reset,
		connector.Timeout, connector.Unavailable:
		return true
	}
	return false
}

// inconclusive reports whether an attempt that ended so tells nothing of the destination, neither good nor
// bad. An attempt with a status was answered, so it does tell.
func inconclusive(class connector.Class, status int) bool {
	if status != 0 {
		return false
	}
	switch class {
	case connector.Panicked, connector.Cancelled, connector.Denied, connector.Invalid, connector.Oversize,
		connector.Expired, connector.BreakerOpen:
		return true
	}
	return false
}

// holds reports whether a Retry-After that came so concerns the whole destination (429, RFC 6585 section 4;
// 503, RFC 9110 section 15.6.4; connectors without statuses say throttled or unavailable).
func holds(class connector.Class, status int) bool {
	return class == connector.Throttled || class == connector.Unavailable && (status == 503 || status == 0)
}

// retryable reports whether the policy retries what failed so. permanent says that the connector ruled out
// that another attempt could succeed.
func (p *Policy) retryable(class connector.Class, status int, permanent bool) bool {
	switch {
	case anyNames(p.retry.Permanent, class, status):
		return false
	case anyNames(p.retry.Retryable, class, status):
		return true
	case permanent, permanentStatus(status):
		return false
	}
	return class.Retryable()
}

// failure puts attempt, which came as err, in the words of an outcome.
func (p *Policy) failure(attempt *connector.AttemptError, err error, ambiguous bool) *connector.Failure {
	_, permanent := errors.AsType[*connector.PermanentError](err)
	return &connector.Failure{
		Class:     attempt.Class,
		Retryable: p.retryable(attempt.Class, attempt.Status, permanent),
		Ambiguous: ambiguous,
		Status:    attempt.Status,
		Detail:    detail(attempt),
	}
}

func detail(attempt *connector.AttemptError) string {
	text := attempt.Detail
	if text == "" && attempt.Err != nil {
		text = attempt.Err.Error()
	}
	return connector.Bound(printable(connector.Bound(text, maxDetail)), maxDetail)
}

// printable escapes what could break a line, move a cursor or hide text where the detail is shown.
func printable(text string) string {
	plain := func(r rune) bool { return r != utf8.RuneError && strconv.IsGraphic(r) }
	if strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	var b strings.Builder
	for i, width := 0, 0; i < len(text); i += width {
		var r rune
		r, width = utf8.DecodeRuneInString(text[i:])
		if plain(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.Quote(text[i : i+width])
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
