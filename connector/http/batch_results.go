package http

import (
	"fmt"
	"math"
	"time"

	"github.com/acktor/acktor/connector"
)

// each evaluates batch_results, a list with one verdict per record. The second value says why that is not what came.
func (j judge) each(p *plan, response *connector.Response) ([]error, error) {
	value, err := p.config.BatchResults.Eval(j.scope)
	if err != nil {
		return nil, unclear(response, "batch_results: "+err.Error())
	}
	list, ok := value.([]any)
	if !ok {
		return nil, unclear(response, fmt.Sprintf("batch_results: %T is not a list", value))
	}
	if len(list) != len(j.records) {
		return nil, unclear(response, fmt.Sprintf("batch_results: %d verdicts for %d records", len(list), len(j.records)))
	}
	verdicts := make([]error, len(list))
	for i, element := range list {
		if failure := verdict(response, element); failure != nil {
			verdicts[i] = failure
		}
	}
	return verdicts, nil
}

// verdict reads the word on one record: true or false, a status, or an object with them. It returns nil for delivered.
func verdict(response *connector.Response, element any) *connector.AttemptError {
	switch value := element.(type) {
	case bool:
		if value {
			return nil
		}
		return refusal(response, "")
	case map[string]any:
		return objectVerdict(response, value)
	}
	if status, ok := statusOf(element); ok {
		return statusVerdict(response, status, "")
	}
	return unclear(response, fmt.Sprintf("batch_results: %T is no verdict; use true, false, a status or an object", element))
}

// objectVerdict reads delivered, status, class and detail. A class says that the record failed, whatever the status.
func objectVerdict(response *connector.Response, object map[string]any) *connector.AttemptError {
	words, _ := object["detail"].(string)
	words = legible(connector.Bound(words, maxDetail))
	class, _ := object["class"].(string)
	delivered, said := object["delivered"].(bool)
	status, hasStatus := statusOf(object["status"])
	if said && delivered {
		return nil
	}
	failure := refusal(response, words)
	switch {
	case hasStatus:
		if byStatus := statusVerdict(response, status, words); byStatus != nil {
			failure = byStatus
		} else if !said && class == "" {
			return nil
		}
	case !said && class == "":
		return unclear(response, "batch_results: a verdict without delivered, status and class")
	}
	if class != "" {
		if err := failure.Class.UnmarshalText([]byte(class)); err != nil {
			return unclear(response, "batch_results: "+err.Error())
		}
	}
	return failure
}

func refusal(response *connector.Response, words string) *connector.AttemptError {
	if words == "" {
		words = "the endpoint did not take this record of the batch"
	}
	return &connector.AttemptError{Class: connector.Business, Status: response.Status, Detail: connector.Bound(words, maxDetail)}
}

func statusVerdict(response *connector.Response, status int, words string) *connector.AttemptError {
	one := &connector.Response{Status: status, Headers: response.Headers}
	switch {
	case status >= 200 && status < 300:
		return nil
	case status < 200 || status > 599:
		return unclear(one, fmt.Sprintf("batch_results: %d is no status", status))
	}
	failure := statusError(one, time.Now())
	if words != "" {
		failure.Detail = connector.Bound(failure.Detail+": "+words, maxDetail)
	}
	return failure
}

func statusOf(value any) (int, bool) {
	switch n := value.(type) {
	case int:
		return n, true
	case int64:
		return int(n), true
	case float64:
		if n == math.Trunc(n) && math.Abs(n) < 1e6 {
			return int(n), true
		}
	}
	return 0, false
}
