package policy

import (
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
)

// A Request is one question: may the subject do the action on the resource?
type Request struct {
	Subject  Subject
	Action   string // "lambda:InvokeFunction"
	Resource string // an ARN; empty where there is none, as in a trust policy
	Context  Context
	// AnyResource says that the resource is not known: what allows the action
	// on all allows it, and what denies it on any denies it. If the action is
	// not known either, it is "SERVICE:*".
	AnyResource bool

	Time time.Time // aws:CurrentTime and aws:EpochTime; zero leaves them absent
}

// A Context holds the values of a request's condition keys, by name. Names are
// compared without regard to case. A Decision refers to it: it must not change
// afterwards.
type Context map[string][]string

// A Subject is who asks. The zero Subject is anonymous. At most one of ARN,
// Service and Federated is set.
type Subject struct {
	ARN     string // of a user, of an account's root, or of a role's session
	RoleARN string // of a session's role, with its path
	Account string // twelve digits
	UserID  string // as sts GetCallerIdentity tells it
	Service string // a service principal: "apigateway.amazonaws.com"

	// Federated is an identity provider: its host name or ARN.
	Federated string

	Tags map[string]string // aws:PrincipalTag/…
}

// Service returns the subject that is an AWS service.
func Service(name string) Subject { return Subject{Service: name} }

// CallerSubject returns the subject that a caller is. It lacks the tags of a
// session's role: see Roles.Subject.
func CallerSubject(c aws.Caller) Subject {
	s := Subject{ARN: c.ARN, RoleARN: c.RoleARN, Account: c.Account, UserID: c.UserID}
	if account, role, _, ok := parseSession(c.ARN); ok && s.RoleARN == "" {
		s.RoleARN = aws.NewARN("iam", "", account, "role/"+role).String()
	}
	return s
}

// IsRoot reports whether the subject is an account itself.
func (s Subject) IsRoot() bool { return s.Account != "" && s.ARN == rootARN(s.Account) }

// String names the subject in explanations.
func (s Subject) String() string {
	switch {
	case s.Service != "":
		return s.Service
	case s.Federated != "":
		return s.Federated
	case s.ARN != "":
		return s.ARN
	case s.Account != "":
		return "account " + s.Account
	}
	return "an anonymous caller"
}

func rootARN(account string) string { return "arn:" + aws.Partition + ":iam::" + account + ":root" }

// parseSession splits arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION.
func parseSession(arn string) (account, role, session string, ok bool) {
	rest, ok := strings.CutPrefix(arn, "arn:"+aws.Partition+":sts::")
	if !ok {
		return "", "", "", false
	}
	account, rest, ok = strings.Cut(rest, ":assumed-role/")
	if !ok {
		return "", "", "", false
	}
	role, session, ok = strings.Cut(rest, "/")
	return account, role, session, ok
}

// values returns the values of a condition key; none if it is absent. What the
// request's other fields tell comes after what its context says.
func (r *Request) values(key string) []string {
	if v, ok := r.Context[key]; ok {
		return v
	}
	for name, v := range r.Context {
		if strings.EqualFold(name, key) {
			return v
		}
	}
	if len(key) < len("aws:") || !strings.EqualFold(key[:len("aws:")], "aws:") {
		return nil
	}
	return r.derived(strings.ToLower(key[len("aws:"):]))
}

func (r *Request) derived(key string) []string {
	s := &r.Subject
	switch key {
	case "currenttime":
		if !r.Time.IsZero() {
			return []string{r.Time.UTC().Format(time.RFC3339)}
		}
	case "epochtime":
		if !r.Time.IsZero() {
			return []string{strconv.FormatInt(r.Time.Unix(), 10)}
		}
	case "principalarn":
		if s.RoleARN != "" {
			return []string{s.RoleARN}
		}
		return one(s.ARN)
	case "principalaccount":
		return one(s.Account)
	case "userid":
		return one(s.UserID)
	case "username":
		if _, name, ok := strings.Cut(s.ARN, ":user/"); ok {
			return []string{name[strings.LastIndexByte(name, '/')+1:]}
		}
	case "principaltype":
		return one(s.kind())
	case "principalisawsservice":
		return []string{strconv.FormatBool(s.Service != "")}
	case "principalservicename":
		return one(s.Service)
	case "federatedprovider":
		return one(s.Federated)
	default:
		tag, ok := strings.CutPrefix(key, "principaltag/")
		if !ok {
			return nil
		}
		for name, value := range s.Tags {
			if strings.EqualFold(name, tag) {
				return []string{value}
			}
		}
	}
	return nil
}

// kind is the value of aws:PrincipalType.
func (s *Subject) kind() string {
	switch {
	case s.Service != "":
		return "Service"
	case s.RoleARN != "":
		return "AssumedRole"
	case s.Federated != "":
		return "FederatedUser"
	case s.IsRoot():
		return "Account"
	case s.ARN != "":
		return "User"
	}
	return "Anonymous"
}

func one(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}
