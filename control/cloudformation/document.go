package cloudformation

import (
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/resource"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// The prefixes of the documents' keys, followed by account and region. A live
// stack stands at its name, of which there is only one; a deleted one moves
// aside.
const (
	stacksPrefix     = "cloudformation/stacks/"     // name
	deletedPrefix    = "cloudformation/deleted/"    // name, UUID
	changeSetsPrefix = "cloudformation/changesets/" // UUID
	templatesPrefix  = "cloudformation/templates/"  // UUID
)

// A stack is a stack's document.
type stack struct {
	ID, Name        string
	Account, Region string
	Status          string
	Reason          string `json:",omitempty"`
	Description     string `json:",omitempty"`
	Created         int64  // milliseconds, like every time here
	Updated         int64  `json:",omitempty"`
	Deleted         int64  `json:",omitempty"`
	ChangeSet       string `json:",omitempty"` // the last one executed
	Definition      definition
	DisableRollback bool               `json:",omitempty"`
	Timeout         int32              `json:",omitempty"` // minutes
	Protected       bool               `json:",omitempty"`
	Policy          string             `json:",omitempty"`
	Outputs         []output           `json:",omitempty"`
	Imports         []string           `json:",omitempty"`
	Resources       map[string]*record `json:",omitempty"` // by logical ID
	Leftover        []*record          `json:",omitempty"` // replaced by an update that failed and stayed
	Operation       *operation         `json:",omitempty"` // nil at rest
	Events          []event            `json:",omitempty"` // oldest first
}

// A definition is what a stack is made from.
type definition struct {
	Template         string            // UUID of its document
	Parameters       []parameter       `json:",omitempty"`
	Tags             map[string]string `json:",omitempty"`
	Capabilities     []string          `json:",omitempty"`
	NotificationARNs []string          `json:",omitempty"`
	RoleARN          string            `json:",omitempty"`
}

type parameter struct {
	Key, Value string
	NoEcho     bool `json:",omitempty"`
}

func (d definition) values() map[string]string {
	values := make(map[string]string, len(d.Parameters))
	for _, p := range d.Parameters {
		values[p.Key] = p.Value
	}
	return values
}

type output struct {
	Key, Value  string
	Description string `json:",omitempty"`
	Export      string `json:",omitempty"`
}

// A record is what the stack knows of one of its resources.
type record struct {
	LogicalID  string
	Type       string
	PhysicalID string `json:",omitempty"`
	Status     string
	Reason     string `json:",omitempty"`
	Time       int64

	// Uncertain says that the resource's creation began and nobody has written
	// down how it ended; Known are the physical IDs that Find gave before it.
	Uncertain bool     `json:",omitempty"`
	Known     []string `json:",omitempty"`

	Ref                 string            `json:",omitempty"`
	Attributes          map[string]string `json:",omitempty"`
	Properties          *template.Node    `json:",omitempty"` // resolved, as the resource was made with
	Tags                map[string]string `json:",omitempty"` // the stack's, as the resource was made with
	Metadata            *template.Node    `json:",omitempty"`
	Needs               []string          `json:",omitempty"`
	DeletionPolicy      string            `json:",omitempty"`
	UpdateReplacePolicy string            `json:",omitempty"`
}

// outcome is what the record remembers of the last step.
func (r *record) outcome() *resource.Outcome {
	return &resource.Outcome{PhysicalID: r.PhysicalID, Ref: r.Ref, Attributes: r.Attributes}
}

func (r *record) keep(o *resource.Outcome) {
	r.PhysicalID, r.Ref, r.Uncertain, r.Known = o.PhysicalID, o.Ref, false, nil
	if o.Attributes != nil {
		r.Attributes = o.Attributes
	}
}

// An operation is what is under way with a stack.
type operation struct {
	ID        string
	Token     string `json:",omitempty"` // the client's
	Caller    aws.Caller
	Template  string   `json:",omitempty"` // that it deploys
	ChangeSet string   `json:",omitempty"`
	OnFailure string   // rollback, delete or nothing
	Retain    []string `json:",omitempty"` // logical IDs that DeleteStack leaves
	Deadline  int64    `json:",omitempty"`

	// An update remembers what it may have to return to.
	Old     *definition        `json:",omitempty"`
	Before  map[string]*record `json:",omitempty"`
	OldText string             `json:",omitempty"` // the description
	Steps   map[string]*step   `json:",omitempty"` // by logical ID
	Doomed  []*record          `json:",omitempty"` // to be deleted in the clean-up
	Failed  []string           `json:",omitempty"` // logical IDs
	Failure string             `json:",omitempty"` // a failure that is no resource's
}

// A step is what an operation does with one resource.
type step struct {
	Action action
	Done   bool `json:",omitempty"`
}

type action string

const (
	create  action = "create"
	change  action = "update"
	replace action = "replace"
	keep    action = "keep"
)

// What becomes of a stack whose creation fails.
const (
	onFailureRollback = "ROLLBACK"
	onFailureDelete   = "DELETE"
	onFailureNothing  = "DO_NOTHING"
)

type event struct {
	ID         string
	LogicalID  string
	PhysicalID string `json:",omitempty"`
	Type       string
	Status     string
	Reason     string `json:",omitempty"`
	Time       int64
	Token      string `json:",omitempty"`
	Properties string `json:",omitempty"`
}

// A changeSet is a change set's document.
type changeSet struct {
	ID, Name         string
	StackID, Stack   string
	Account, Region  string
	Type             string // CREATE or UPDATE
	Status           string
	Reason           string `json:",omitempty"`
	Execution        string
	Created          int64
	Executed         int64  `json:",omitempty"`
	Description      string `json:",omitempty"`
	StackDescription string `json:",omitempty"`
	Definition       definition
	OnStackFailure   string           `json:",omitempty"`
	Changes          []resourceChange `json:",omitempty"`
	Token            string           `json:",omitempty"`

	IncludeNestedStacks bool `json:",omitempty"`
}

// A templateText is the document of a template: as it came, and after its
// transforms.
type templateText struct {
	Body, Processed string
}

const stackType = "AWS::CloudFormation::Stack"

func place(account, region string) string { return account + "/" + region + "/" }

func (s *stack) key() string { return stacksPrefix + place(s.Account, s.Region) + s.Name }

func (s *stack) deletedKey() string {
	return deletedPrefix + place(s.Account, s.Region) + s.Name + "/" + lastSegment(s.ID)
}

func (s *stack) templateKey(id string) string {
	return templatesPrefix + place(s.Account, s.Region) + id
}

func (c *changeSet) key() string {
	return changeSetsPrefix + place(c.Account, c.Region) + lastSegment(c.ID)
}

func lastSegment(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// inProgress reports whether an operation holds the stack.
func (s *stack) inProgress() bool {
	return strings.HasSuffix(s.Status, "_IN_PROGRESS") && s.Status != reviewInProgress
}
