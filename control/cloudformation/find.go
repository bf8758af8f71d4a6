package cloudformation

import (
	"errors"
	"net/http"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
	"github.com/lamgate/lamgate/state"
)

// errNoStack says that there is no such stack; operations have words of their
// own for it.
var errNoStack = errors.New("no such stack")

// find returns a stack by its name, or, if it is an ARN, by that, a deleted one
// included.
func (s *Service) find(c aws.Caller, nameOrID string) (*stack, error) {
	name, id := nameOrID, ""
	if strings.HasPrefix(nameOrID, "arn:") {
		arn, err := aws.ParseARN(nameOrID)
		parts := strings.Split(arn.Resource, "/")
		if err != nil || len(parts) != 3 || parts[0] != "stack" || parts[1] == "" || parts[2] == "" ||
			arn.Account != c.Account || arn.Region != c.Region {
			return nil, errNoStack
		}
		name, id = parts[1], parts[2]
	}
	if name == "" || strings.Contains(name, "/") {
		return nil, errNoStack
	}
	st, err := state.Load[stack](s.docs, stacksPrefix+place(c.Account, c.Region)+name)
	if err == nil && st.Status != deleteComplete && (id == "" || lastSegment(st.ID) == id) {
		return st, nil
	}
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return nil, err
	}
	if err == nil && id != "" && lastSegment(st.ID) == id {
		return st, nil
	}
	if id == "" {
		return nil, errNoStack
	}
	st, err = state.Load[stack](s.docs, deletedPrefix+place(c.Account, c.Region)+name+"/"+id)
	if errors.Is(err, state.ErrNotFound) {
		return nil, errNoStack
	}
	return st, err
}

// mustFind is find with the words of an operation for its absence.
func (s *Service) mustFind(c aws.Caller, nameOrID, words string) (*stack, error) {
	st, err := s.find(c, nameOrID)
	if errors.Is(err, errNoStack) {
		return nil, template.Invalid(words, nameOrID)
	}
	return st, err
}

// The words in which operations say that there is no such stack.
const (
	noStackWithID   = "Stack with id %s does not exist"
	noStackBrackets = "Stack [%s] does not exist"
	noStackQuoted   = "Stack '%s' does not exist"
)

func noChangeSet(name string) error {
	return aws.Faultf(http.StatusNotFound, "ChangeSetNotFound", "ChangeSet [%s] does not exist", name)
}

// findChangeSet returns a change set by its ARN, or by its name and stack.
func (s *Service) findChangeSet(c aws.Caller, nameOrID, stackName string) (*changeSet, error) {
	if strings.HasPrefix(nameOrID, "arn:") {
		cs, err := state.Load[changeSet](s.docs, changeSetsPrefix+place(c.Account, c.Region)+lastSegment(nameOrID))
		if errors.Is(err, state.ErrNotFound) || err == nil && cs.ID != nameOrID {
			return nil, noChangeSet(nameOrID)
		}
		return cs, err
	}
	if stackName == "" {
		return nil, template.Invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
	}
	st, err := s.mustFind(c, stackName, noStackBrackets)
	if err != nil {
		return nil, err
	}
	list, err := s.changeSets(st)
	if err != nil {
		return nil, err
	}
	for _, cs := range list {
		if cs.Name == nameOrID {
			return cs, nil
		}
	}
	return nil, noChangeSet(nameOrID)
}

// changeSets returns the change sets of a stack.
func (s *Service) changeSets(st *stack) ([]*changeSet, error) {
	all, err := state.LoadAll[changeSet](s.docs, changeSetsPrefix+place(st.Account, st.Region))
	if err != nil {
		return nil, err
	}
	var list []*changeSet
	for _, cs := range all {
		if cs.StackID == st.ID {
			list = append(list, cs)
		}
	}
	return list, nil
}

// text returns the template of a stack or change set.
func (s *Service) text(account, region, id string) (*templateText, error) {
	return state.Load[templateText](s.docs, templatesPrefix+place(account, region)+id)
}
