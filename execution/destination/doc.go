// Package destination tells others how asynchronous invocations ended: it sends
// records of them to the destinations that functions name for success and
// failure, and events that could not be processed to dead-letter queues.
//
// A record is stored before the event that it is of is removed from its queue,
// and removed when the destination has it. So a record may arrive twice, as on
// AWS, but none is lost, whenever the server is killed.
//
// The way of a record through the files:
//
//	service.go      Ended stores what is to be delivered, in a queue of its own
//	record.go       the record, in AWS's form
//	dead_letter.go  the event and its attributes, for dead-letter queues
//	target.go       what an ARN names, and what the role must be allowed for it
//	deliver.go      one attempt: permission first, then the call; its retries
//	client.go       where the service is: lamgate itself, or the endpoint map
//	explain.go      what a delivery leaves in its journey
//
// A function's role is asked before anything is sent, since neither lamgate's own
// services nor those of the endpoint map ask policies. A destination that is
// refused, or that nobody has told lamgate where to find, is a line of the log
// and a journey; AWS counts such records as DestinationDeliveryFailures and
// drops them.
package destination
