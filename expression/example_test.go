package expression_test

import (
	"fmt"

	"github.com/acktor/acktor/connector"
	"github.com/acktor/acktor/expression"
)

func Example() {
	paid := expression.Must[expression.Condition](`record.data.total > 0`)
	url := expression.Must[expression.Template](`https://x/{{ record.headers.tenant }}/{{ record.data.id }}`)

	scope := expression.NewScope()
	scope.Reset(&connector.Record{
		Headers: connector.Headers{{Name: "tenant", Value: "acme"}},
		Data:    []byte(`{"id": 7, "total": 12.5}`),
	}, nil)

	fmt.Println(paid.Test(scope))
	fmt.Println(url.Render(scope))

	_, err := expression.Parse[expression.Value](`recrod.key`)
	fmt.Println(err)
	// Output:
	// true <nil>
	// https://x/acme/7 <nil>
	// unknown name "recrod"; did you mean "record"?
}
