package runtimeapi

import "errors"

// failInit takes the runtime's report that it cannot go on, which may come in
// one phase.
func (c *connection) failInit(in, to phase) error {
	body, _, err := c.body()
	if err != nil && !errors.Is(err, errTooLarge) {
		return err
	}
	from, ok := c.server.talk.fail(in, to)
	if !ok {
		c.fault(invalidTransition(from, to))
		return nil
	}
	c.append(accepted)
	// Out before the owner hears of it, who may end the processes.
	if err := c.flush(); err != nil {
		return err
	}
	c.server.owner.InitFailed(Answer{Failed: true, Body: body, ErrorType: string(c.req.errorType)})
	return nil
}

// restore tells the runtime of a function with SnapStart, which has done what it
// does before a snapshot, that it has been restored: no snapshot is taken, and
// it goes on at once. asError is its report that it could not go on.
//
// AWS: the answer has no body, as its runtime interface emulator has it.
func (c *connection) restore(asError bool) error {
	q, s := &c.req, c.server
	switch {
	case !s.options.SnapStart:
		return c.refuse(noRestore)
	case asError != (q.method == methodPost) || !asError && q.method != methodGet:
		return c.refuse(methodNotAllowed)
	case asError:
		return c.failInit(restoring, restoreFailed)
	}
	if err := c.discard(); err != nil {
		return err
	}
	if from, ok := s.talk.restore(); !ok {
		c.fault(invalidTransition(from, ready))
		return nil
	}
	c.append(restored)
	s.owner.Restored()
	return nil
}
