package kv

import "context"

// Update runs fn in e.Update and returns the result of the run that counted.
// With an error the result is the zero value: an aborted transaction has none.
// The result must not hold values read from the transaction, which die with it.
func Update[T any](ctx context.Context, e Engine, fn func(Txn) (T, error)) (T, error) {
	var result T
	err := e.Update(ctx, func(tx Txn) (err error) {
		result, err = fn(tx)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return result, nil
}

// View runs fn in e.View and returns its result, which is the zero value with
// an error. The result must not hold values read from the snapshot.
func View[T any](ctx context.Context, e Engine, fn func(Reader) (T, error)) (T, error) {
	var result T
	err := e.View(ctx, func(r Reader) (err error) {
		result, err = fn(r)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return result, nil
}
