package http

import "github.com/acktor/acktor/connector"

// Definition announces the connector: a server as the source, a client as the sink.
func Definition() connector.Definition {
	return connector.Definition{
		Name:    "http",
		Summary: "takes requests as records, and sends records as requests",
		Source:  connector.DefineSource(newSource),
		Sink:    connector.DefineSink(newSink),
	}
}
