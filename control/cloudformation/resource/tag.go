package resource

import (
	"maps"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// allTags returns the tags of a resource: the stack's, those that tell what
// stack it belongs to, and its own, which come last and win.
func (r *Request) allTags() map[string]string {
	all := r.ownTags(r.Tags, r.Properties)
	all["aws:cloudformation:stack-id"] = r.StackID
	all["aws:cloudformation:stack-name"] = r.StackName
	all["aws:cloudformation:logical-id"] = r.LogicalID
	return all
}

// userTags is allTags without those of the prefix aws:, which IAM does not take.
func (r *Request) userTags() map[string]string { return r.ownTags(r.Tags, r.Properties) }

// changedTags returns the tags to set and those to remove in an update.
func (r *Request) changedTags() (set map[string]string, remove []string) {
	now, before := r.ownTags(r.Tags, r.Properties), r.ownTags(r.PreviousTags, r.Previous)
	set = map[string]string{}
	for k, v := range now {
		if old, ok := before[k]; !ok || old != v {
			set[k] = v
		}
	}
	for k := range before {
		if _, ok := now[k]; !ok {
			remove = append(remove, k)
		}
	}
	return set, remove
}

func (r *Request) ownTags(stack map[string]string, properties *template.Node) map[string]string {
	all := maps.Clone(stack)
	if all == nil {
		all = map[string]string{}
	}
	if n := properties.Get("Tags"); n != nil {
		for _, tag := range n.Items {
			all[tag.Get("Key").Text] = tag.Get("Value").Text
		}
	}
	return all
}
