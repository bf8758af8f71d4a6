package vtl

import "github.com/lamgate/lamgate/gateway/value"

// assign is #set($r = v).
func (r *reference) assign(m *machine, v value.Value) error {
	if r.slot < 0 {
		return nil
	}
	if len(r.steps) == 0 {
		m.put(r.slot, v)
		return nil
	}
	if r.named > 0 {
		root, err := m.get(r.slot)
		if err != nil {
			return err
		}
		if _, ok := root.(contextObject); ok {
			return r.override(m, v)
		}
	}
	before := len(r.steps) - 1
	target, _, err := r.follow(m, before)
	if err != nil {
		return err
	}
	if target == nil {
		m.log(r.at, r.null+" cannot be set: what it is a part of is not there")
		return nil
	}
	return m.assignStep(r, target, &r.steps[before], v)
}

// assignStep sets the part of target that a step names.
func (m *machine) assignStep(r *reference, target value.Value, s *step, v value.Value) error {
	key := value.Value(s.name)
	if s.kind == stepIndex {
		var err error
		if key, err = s.arguments[0].value(m); err != nil {
			return err
		}
	}
	switch target := target.(type) {
	case *value.Map:
		text, err := m.key(key)
		if err != nil {
			return err
		}
		return m.setKey(target, text, v)
	case *scope:
		text, err := m.key(key)
		if err != nil {
			return err
		}
		return m.setKey(&target.storage, text, v)
	case *value.List:
		if n, ok := key.(int64); ok && s.kind == stepIndex {
			i, err := m.position(target, n, s.at)
			if err != nil {
				return err
			}
			target.Items[i] = v
			return nil
		}
	}
	m.log(r.at, r.null+" cannot be set")
	return nil
}

// setKey sets a key and counts the memory.
func (m *machine) setKey(target *value.Map, key string, v value.Value) error {
	if err := m.allocate(64 + len(key)); err != nil {
		return err
	}
	target.Set(key, v)
	return nil
}
