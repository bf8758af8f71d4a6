package policy

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
)

// AWSAccount stands where the ARNs of AWS's own managed policies have an
// account.
const AWSAccount = "aws"

// An awsPolicy is one of AWS's managed policies as the tables write it.
type awsPolicy struct {
	path    string // "/" if empty
	name    string
	version string // the default version's, of which alone the table tells
	created string // that version's date
	grants  []grant
}

// A grant is an allowing statement of an awsPolicy.
type grant struct {
	sid      string
	actions  string // separated by spaces
	resource string // likewise; "*" if empty
	when     string // "operator key value …"
}

const serviceRole = "/service-role/"

// AWSManagedPolicy returns one of AWS's own managed policies by its ARN, if
// lamgate carries it.
func AWSManagedPolicy(arn string) (*ManagedPolicy, bool) {
	rest, ok := strings.CutPrefix(arn, "arn:"+aws.Partition+":iam::"+AWSAccount+":policy/")
	if !ok {
		return nil, false
	}
	for _, table := range awsPolicies() {
		for i := range table {
			if strings.TrimPrefix(table[i].at(), "/") == rest {
				return table[i].policy(), true
			}
		}
	}
	return nil, false
}

// AWSManagedPolicies returns all of AWS's managed policies that lamgate
// carries.
func AWSManagedPolicies() []*ManagedPolicy {
	var list []*ManagedPolicy
	for _, table := range awsPolicies() {
		for i := range table {
			list = append(list, table[i].policy())
		}
	}
	return list
}

func awsPolicies() [2][]awsPolicy { return [2][]awsPolicy{servingPolicies, servicePolicies} }

// at returns the policy's path and name.
func (p *awsPolicy) at() string {
	if p.path == "" {
		return "/" + p.name
	}
	return p.path + p.name
}

func (p *awsPolicy) policy() *ManagedPolicy {
	created, _ := time.Parse(time.DateOnly, p.created)
	next, _ := strconv.Atoi(strings.TrimPrefix(p.version, "v"))
	path, _ := strings.CutSuffix(p.at(), p.name)
	// AWS's identifiers are not published; ours follow from the name, so that
	// they are the same everywhere and always.
	sum := sha256.Sum256([]byte(p.name))
	return &ManagedPolicy{
		Account:        AWSAccount,
		Name:           p.name,
		Path:           path,
		ID:             "ANPA" + base32.StdEncoding.EncodeToString(sum[:])[:17],
		ARN:            aws.NewARN("iam", "", AWSAccount, "policy"+p.at()).String(),
		DefaultVersion: p.version,
		Versions:       map[string]Document{p.version: p.document()},
		VersionUnix:    map[string]int64{p.version: created.Unix()},
		NextVersion:    next + 1,
		CreatedUnix:    created.Unix(),
		UpdatedUnix:    created.Unix(),
	}
}

func (p *awsPolicy) document() Document {
	doc := Document{Version: Version2012}
	for _, g := range p.grants {
		s := Statement{Sid: g.sid, Effect: Allow, Action: strings.Fields(g.actions), Resource: []string{"*"}}
		if g.resource != "" {
			s.Resource = strings.Fields(g.resource)
		}
		if when := strings.Fields(g.when); len(when) > 2 {
			s.Condition = Condition{when[0]: {when[1]: when[2:]}}
		}
		doc.Statement = append(doc.Statement, s)
	}
	return doc
}
