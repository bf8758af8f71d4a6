package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Create stores value as the JSON document at key, which must not exist.
func Create(ctx context.Context, docs Documents, key string, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	_, err = docs.Put(ctx, key, b, 0)
	return err
}

// Load returns the JSON document at key.
func Load[T any](docs Documents, key string) (*T, error) {
	d, err := docs.Get(key)
	if err != nil {
		return nil, err
	}
	return decode[T](d)
}

// LoadAll returns the JSON documents under prefix, in the order of their keys.
func LoadAll[T any](docs Documents, prefix string) ([]*T, error) {
	list := docs.List(prefix)
	values := make([]*T, 0, len(list))
	for _, d := range list {
		v, err := decode[T](d)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// Update changes the JSON document at key: it calls change with its value and
// stores the result. When another writer was faster, it begins again with what
// that one wrote, so change must depend on nothing but its argument. An error
// from change is returned as it is and nothing is written.
func Update[T any](ctx context.Context, docs Documents, key string, change func(*T) error) (*T, error) {
	for {
		d, err := docs.Get(key)
		if err != nil {
			return nil, err
		}
		v, err := decode[T](d)
		if err != nil {
			return nil, err
		}
		if err := change(v); err != nil {
			return nil, err
		}
		b, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", key, err)
		}
		_, err = docs.Put(ctx, key, b, d.Revision)
		if err == nil {
			return v, nil
		}
		if !errors.Is(err, ErrConflict) {
			return nil, err
		}
	}
}

// Remove deletes the document at key after check, if it is not nil, has agreed
// with its value.
func Remove[T any](ctx context.Context, docs Documents, key string, check func(*T) error) error {
	for {
		d, err := docs.Get(key)
		if err != nil {
			return err
		}
		if check != nil {
			v, err := decode[T](d)
			if err != nil {
				return err
			}
			if err := check(v); err != nil {
				return err
			}
		}
		err = docs.Delete(ctx, key, d.Revision)
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
}

func decode[T any](d Document) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(d.Value, v); err != nil {
		return nil, fmt.Errorf("decode %s at revision %d: %w", d.Key, d.Revision, err)
	}
	return v, nil
}
