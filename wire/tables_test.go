package wire_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/api/events"
	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/api/sns"
	"github.com/lamgate/lamgate/api/sqs"
	"github.com/lamgate/lamgate/api/sts"
)

var allServices = []*api.Service{
	&lambda.Service, &apigateway.Service, &cloudformation.Service, &iam.Service, &sts.Service, &s3.Service, &logs.Service,
	&sqs.Service, &sns.Service, &events.Service,
}

// Field i of a struct is member i of its shape: decoders and encoders rely on it.
func TestStructsMatchTheirShapes(t *testing.T) {
	for _, s := range allServices {
		if !slices.IsSortedFunc(s.Operations, func(a, b api.Operation) int { return compare(a.Name, b.Name) }) {
			t.Errorf("%s: the operations are not in order", s.Name)
		}
		seen := map[reflect.Type]bool{}
		for i := range s.Operations {
			op := &s.Operations[i]
			if op.Input >= 0 {
				checkStruct(t, s, op.Input, reflect.TypeOf(op.NewInput()).Elem(), seen)
			}
		}
	}
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

func checkStruct(t *testing.T, s *api.Service, shape int, typ reflect.Type, seen map[reflect.Type]bool) {
	sh := &s.Shapes[shape]
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch sh.Kind {
	case api.List:
		checkStruct(t, s, sh.Element, typ.Elem(), seen)
	case api.Map:
		checkStruct(t, s, sh.Value, typ.Elem(), seen)
	case api.Structure:
		if seen[typ] || sh.EventStream {
			return
		}
		seen[typ] = true
		if typ.NumField() != len(sh.Members) {
			t.Fatalf("%s: %s has %d fields, its shape %d members", s.Name, typ, typ.NumField(), len(sh.Members))
		}
		for i := range sh.Members {
			if name := typ.Field(i).Name; name[1:] != sh.Members[i].Name[1:] {
				t.Errorf("%s: field %d of %s is %s, the member %s", s.Name, i, typ, name, sh.Members[i].Name)
			}
			checkStruct(t, s, sh.Members[i].Shape, typ.Field(i).Type, seen)
		}
	}
}
