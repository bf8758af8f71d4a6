package policy

// Version2012 is the policy language's current version. Older documents know no
// variables.
const Version2012 = "2012-10-17"

// A Document is an IAM policy document. Its JSON form is AWS's, in which a
// list of one may stand as its element: json.go reads and writes it.
type Document struct {
	Version   string
	ID        string
	Statement []Statement
}

// An Effect is what a statement does where it applies.
type Effect string

// The effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// A Statement is one statement of a policy. Of each pair X, NotX at most one
// is set.
type Statement struct {
	Sid          string
	Effect       Effect
	Principal    *Principal // nil in identity policies
	NotPrincipal *Principal
	Action       []string
	NotAction    []string
	Resource     []string
	NotResource  []string
	Condition    Condition
}

// A Principal is who a statement speaks of: by kind ("AWS", "Service",
// "Federated", "CanonicalUser") the names, or everyone.
type Principal struct {
	Everyone bool // "*"
	Kinds    map[string][]string
}

// A Condition holds by operator ("ArnLike", "StringEquals", …) and condition
// key the values of which one must match.
type Condition map[string]map[string][]string

// A Role is the document of an IAM role, with what it needs to be evaluated.
// It stands at RoleKey.
type Role struct {
	Account     string
	Name        string
	Path        string
	ID          string // AROA…
	ARN         string
	Trust       Document
	Inline      map[string]Document `json:",omitempty"` // by policy name
	Attached    []string            `json:",omitempty"` // ARNs of managed policies
	Description string              `json:",omitempty"`
	MaxSession  int                 // seconds
	Tags        map[string]string   `json:",omitempty"`
	CreatedUnix int64
	BoundaryARN string `json:",omitempty"`
}

// A ManagedPolicy is the document of a customer's managed policy. It stands at
// ManagedPolicyKey. AWS's own managed policies are in this package's tables.
type ManagedPolicy struct {
	Account        string
	Name           string
	Path           string
	ID             string // ANPA…
	ARN            string
	Description    string
	DefaultVersion string              // "v1"
	Versions       map[string]Document // by version
	VersionUnix    map[string]int64
	NextVersion    int
	Tags           map[string]string `json:",omitempty"`
	CreatedUnix    int64
	UpdatedUnix    int64
}

// Default returns the version of the policy that is in force; nil if it is
// missing. It is not to be modified.
func (p *ManagedPolicy) Default() *Document {
	doc, ok := p.Versions[p.DefaultVersion]
	if !ok {
		return nil
	}
	return &doc
}

// The prefixes of the keys of roles and managed policies, followed by the
// account and the name.
const (
	RolesPrefix           = "iam/roles/"
	ManagedPoliciesPrefix = "iam/policies/"
)

// RoleKey is the key of a role's document.
func RoleKey(account, name string) string { return RolesPrefix + account + "/" + name }

// ManagedPolicyKey is the key of a managed policy's document.
func ManagedPolicyKey(account, name string) string {
	return ManagedPoliciesPrefix + account + "/" + name
}
