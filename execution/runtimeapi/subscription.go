package runtimeapi

const (
	logsPath      = "/2020-08-15/logs"
	telemetryPath = "/2022-07-01/telemetry"
)

func (c *connection) subscribe(logs bool) error { return c.refuse(notFound) }
