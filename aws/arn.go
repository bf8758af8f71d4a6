package aws

import (
	"fmt"
	"strings"
)

// Partition is the only AWS partition that lamgate serves.
const Partition = "aws"

// An ARN is an Amazon Resource Name, arn:partition:service:region:account:resource.
// Resource keeps everything after the fifth colon, further colons and slashes
// included.
type ARN struct {
	Partition string
	Service   string
	Region    string
	Account   string
	Resource  string
}

// NewARN returns the ARN of a resource in the aws partition. Region is empty
// for global services such as IAM, region and account for S3 buckets.
func NewARN(service, region, account, resource string) ARN {
	return ARN{Partition, service, region, account, resource}
}

// ParseARN splits an ARN into its parts. It checks the form only: the prefix
// "arn:" and five colons.
func ParseARN(s string) (ARN, error) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return ARN{}, fmt.Errorf("%q is not an ARN: want arn:partition:service:region:account:resource", s)
	}
	return ARN{parts[1], parts[2], parts[3], parts[4], parts[5]}, nil
}

func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}
