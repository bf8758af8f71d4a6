package policy

import (
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
)

// Roles answers what roles may do and who may assume them. It follows the
// documents of roles and managed policies: what an operation of IAM has
// answered, Roles knows. Its methods never wait and may be called by many
// goroutines at once.
type Roles struct {
	roles      sync.Map // key -> *Role
	policies   sync.Map // key -> *ManagedPolicy
	resolved   sync.Map // key of a role -> *permissions
	generation atomic.Uint64
	stops      [2]func()
}

// permissions are all the policies of a role, gathered at a generation.
type permissions struct {
	role       *Role
	generation uint64
	sources    []Source
	boundary   []Source // nil without one
}

// NewRoles begins to follow docs. A document that cannot be read is reported;
// its role then may do nothing.
func NewRoles(docs state.Documents, report func(key string, err error)) *Roles {
	r := &Roles{}
	r.stops[0] = docs.Watch(ManagedPoliciesPrefix, follow[ManagedPolicy](r, &r.policies, report))
	r.stops[1] = docs.Watch(RolesPrefix, follow[Role](r, &r.roles, report))
	return r
}

func follow[T any](r *Roles, values *sync.Map, report func(string, error)) func(state.Change) {
	return func(c state.Change) {
		// After the change is made, so that whoever cached an answer under the
		// old number asks again.
		defer r.generation.Add(1)
		if c.Deleted {
			values.Delete(c.Key)
			r.resolved.Delete(c.Key)
			return
		}
		v := new(T)
		if err := json.Unmarshal(c.Value, v); err != nil {
			values.Delete(c.Key)
			report(c.Key, err)
			return
		}
		values.Store(c.Key, v)
	}
}

// Close ends the following.
func (r *Roles) Close() {
	for _, stop := range r.stops {
		stop()
	}
}

// Generation returns a number that changes when any role or policy does. A
// Decision made after reading it may be kept as long as it stays the same.
func (r *Roles) Generation() uint64 { return r.generation.Load() }

// Role returns a role by its ARN. It is not to be modified.
func (r *Roles) Role(arn string) (*Role, bool) {
	key, ok := roleKey(arn)
	if !ok {
		return nil, false
	}
	v, ok := r.roles.Load(key)
	if !ok || v.(*Role).ARN != arn {
		return nil, false
	}
	return v.(*Role), true
}

func roleKey(arn string) (string, bool) {
	a, err := aws.ParseARN(arn)
	if err != nil || a.Service != "iam" || a.Account == "" {
		return "", false
	}
	name, ok := strings.CutPrefix(a.Resource, "role/")
	if !ok {
		return "", false
	}
	return RoleKey(a.Account, name[strings.LastIndexByte(name, '/')+1:]), true
}

// MayAssume decides whether a role's trust policy lets the subject assume it.
func (r *Roles) MayAssume(roleARN string, by Subject, context Context) Decision {
	request := Request{Subject: by, Action: "sts:AssumeRole", Resource: roleARN, Context: context}
	role, ok := r.Role(roleARN)
	if !ok {
		return noRole(request, roleARN)
	}
	return Evaluate(request, Source{Trust, "the trust policy of " + roleARN, &role.Trust})
}

// Allows decides whether a role's own policies, and its boundary if it has
// one, allow an action on a resource.
func (r *Roles) Allows(roleARN, action, resource string, context Context) Decision {
	request := Request{Action: action, Resource: resource, Context: context}
	role, ok := r.Role(roleARN)
	if !ok {
		request.Subject = Subject{ARN: roleARN}
		return noRole(request, roleARN)
	}
	request.Subject = Subject{ARN: role.ARN, RoleARN: role.ARN, Account: role.Account, UserID: role.ID, Tags: role.Tags}
	return r.allows(role, request)
}

// AllowsAll is Allows where the resource is not known: it decides whether the
// action is allowed on all.
func (r *Roles) AllowsAll(roleARN, action string, context Context) Decision {
	request := Request{Action: action, AnyResource: true, Context: context}
	role, ok := r.Role(roleARN)
	if !ok {
		request.Subject = Subject{ARN: roleARN}
		return noRole(request, roleARN)
	}
	request.Subject = Subject{ARN: role.ARN, RoleARN: role.ARN, Account: role.Account, UserID: role.ID, Tags: role.Tags}
	return r.allows(role, request)
}

func (r *Roles) allows(role *Role, request Request) Decision {
	p := r.permissions(role)
	d := Evaluate(request, p.sources...)
	if p.boundary == nil || d.Outcome == ExplicitDeny {
		return d
	}
	if limit := Evaluate(request, p.boundary...); !limit.Allowed() {
		limit.limited = true
		return limit
	}
	return d
}

func noRole(request Request, arn string) Decision {
	return denied(request, "create the role, or name one that exists", "the role %s does not exist", arn)
}

func (r *Roles) permissions(role *Role) *permissions {
	key := RoleKey(role.Account, role.Name)
	generation := r.generation.Load() // before the policies are looked at
	if v, ok := r.resolved.Load(key); ok {
		if p := v.(*permissions); p.role == role && p.generation == generation {
			return p
		}
	}
	p := &permissions{role: role, generation: generation}
	for _, name := range sortedKeys(role.Inline) {
		doc := role.Inline[name]
		p.sources = append(p.sources, Source{Identity, "the inline policy " + name + " of role " + role.Name, &doc})
	}
	for _, arn := range role.Attached {
		if doc := r.Managed(arn); doc != nil {
			p.sources = append(p.sources, Source{Identity, arn, doc})
		}
	}
	if arn := role.BoundaryARN; arn != "" {
		doc := r.Managed(arn)
		if doc == nil {
			doc = &Document{Version: Version2012} // a boundary that is gone allows nothing
		}
		p.boundary = []Source{{Identity, "the permissions boundary " + arn, doc}}
	}
	r.resolved.Store(key, p)
	return p
}

// Managed returns the default version of a managed policy, AWS's own or a
// customer's; nil if there is none. It is not to be modified.
func (r *Roles) Managed(arn string) *Document {
	if p, ok := AWSManagedPolicy(arn); ok {
		return p.Default()
	}
	a, err := aws.ParseARN(arn)
	name, ok := strings.CutPrefix(a.Resource, "policy/")
	if err != nil || !ok {
		return nil
	}
	v, ok := r.policies.Load(ManagedPolicyKey(a.Account, name[strings.LastIndexByte(name, '/')+1:]))
	if !ok || v.(*ManagedPolicy).ARN != arn {
		return nil
	}
	return v.(*ManagedPolicy).Default()
}
