package state

func (s *Store) fail(e *engine, err error) {
	s.log.Error("state: engine failed", "error", err)
}
