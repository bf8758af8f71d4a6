package cloudformation

import "sync"

// maxParallel is how many resources are worked on at once.
const maxParallel = 16

// walk calls visit for every node of a graph without circles, side by side, but
// for each only when those that it needs are done. When visit has failed, no
// more are begun. It returns once all that were begun have ended.
func walk[K comparable](graph map[K][]K, visit func(K) error) error {
	var (
		mu         sync.Mutex
		working    sync.WaitGroup
		failure    error
		slots      = make(chan struct{}, maxParallel)
		waiting    = make(map[K]int, len(graph))
		dependents = make(map[K][]K, len(graph))
	)
	var ready []K
	for node, needs := range graph {
		for _, need := range needs {
			if _, here := graph[need]; here && need != node {
				waiting[node]++
				dependents[need] = append(dependents[need], node)
			}
		}
		if waiting[node] == 0 {
			ready = append(ready, node)
		}
	}
	var begin func(K)
	begin = func(node K) {
		working.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			mu.Lock()
			stop := failure != nil
			mu.Unlock()
			if stop {
				return
			}
			err := visit(node)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				if failure == nil {
					failure = err
				}
				return
			}
			for _, d := range dependents[node] {
				if waiting[d]--; waiting[d] == 0 {
					begin(d)
				}
			}
		})
	}
	for _, node := range ready {
		begin(node)
	}
	working.Wait()
	return failure
}
