package apigateway_test

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

func TestAClientCertificateVouchesForItself(t *testing.T) {
	b := newBench(t)
	c := do(b, b.GenerateClientCertificate, api.GenerateClientCertificateRequest{Description: new("mine"), Tags: map[string]string{"a": "1"}})
	block, rest := pem.Decode([]byte(*c.PemEncodedCertificate))
	if block == nil || block.Type != "CERTIFICATE" || len(rest) != 0 {
		t.Fatalf("the certificate is %q", *c.PemEncodedCertificate)
	}
	x, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.CheckSignature(x.SignatureAlgorithm, x.RawTBSCertificate, x.Signature); err != nil {
		t.Error(err)
	}
	key, ok := x.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() != 2048 || x.Subject.CommonName != "ApiGateway" {
		t.Errorf("a certificate of %s with a %T", x.Subject, x.PublicKey)
	}
	year := b.clock.Now().AddDate(1, 0, 0)
	if !x.NotBefore.Equal(b.clock.Now()) || !x.NotAfter.Equal(year) || !c.ExpirationDate.Equal(year) {
		t.Errorf("it holds from %s until %s", x.NotBefore, x.NotAfter)
	}
	stored, err := state.Load[plan.ClientCertificate](b.docs, plan.ClientCertificateKey(*c.ClientCertificateId))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair([]byte(stored.Certificate), []byte(stored.PrivateKey)); err != nil {
		t.Errorf("the data plane cannot use it: %v", err)
	}
}

func TestClientCertificatesAreChangedAndListed(t *testing.T) {
	b := newBench(t)
	first := do(b, b.GenerateClientCertificate, api.GenerateClientCertificateRequest{}).ClientCertificateId
	b.clock.Advance(time.Minute)
	second := do(b, b.GenerateClientCertificate, api.GenerateClientCertificateRequest{}).ClientCertificateId
	update := api.UpdateClientCertificateRequest{ClientCertificateId: first, PatchOperations: []api.PatchOperation{replace("/description", "changed")}}
	do(b, b.UpdateClientCertificate, update)
	if got := do(b, b.GetClientCertificate, api.GetClientCertificateRequest{ClientCertificateId: first}); *got.Description != "changed" {
		t.Errorf("the description is %s", *got.Description)
	}
	update.PatchOperations = []api.PatchOperation{replace("/name", "a")}
	refuse(b, b.UpdateClientCertificate, update, bad, "Invalid patch path  '/name' specified for op 'replace'. Must be one of: [/description]")

	page := do(b, b.GetClientCertificates, api.GetClientCertificatesRequest{Limit: new(int32(1))})
	next := do(b, b.GetClientCertificates, api.GetClientCertificatesRequest{Limit: new(int32(1)), Position: page.Position})
	if *page.Items[0].ClientCertificateId != *first || *next.Items[0].ClientCertificateId != *second {
		t.Errorf("they are listed as %v, %v", page.Items, next.Items)
	}
	b.as(testAccount, "eu-west-1")
	const none = "Invalid Client Certificate identifier specified"
	refuse(b, b.GetClientCertificate, api.GetClientCertificateRequest{ClientCertificateId: first}, missing, none)
	refuse(b, b.UpdateClientCertificate, update, missing, none)
	refuse(b, b.DeleteClientCertificate, api.DeleteClientCertificateRequest{ClientCertificateId: first}, missing, none)
	refuse(b, b.GetClientCertificate, api.GetClientCertificateRequest{ClientCertificateId: new("../x")}, missing, none)
}

func TestAClientCertificateInUseStays(t *testing.T) {
	b := newBench(t)
	rest := b.mockAPI()
	do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest, StageName: new("s1")})
	id := do(b, b.GenerateClientCertificate, api.GenerateClientCertificateRequest{}).ClientCertificateId
	update := func(op api.PatchOperation) api.UpdateStageRequest {
		return api.UpdateStageRequest{RestApiId: rest, StageName: new("s1"), PatchOperations: []api.PatchOperation{op}}
	}
	refuse(b, b.UpdateStage, update(replace("/clientCertificateId", "abc123")), missing, "Invalid Client Certificate identifier specified")
	if st := do(b, b.UpdateStage, update(replace("/clientCertificateId", *id))); *st.ClientCertificateId != *id {
		t.Errorf("the stage shows %s", *st.ClientCertificateId)
	}
	drop := api.DeleteClientCertificateRequest{ClientCertificateId: id}
	refuse(b, b.DeleteClientCertificate, drop, bad, "Cannot delete client certificate '"+*id+"', is referenced in stage: "+*rest+"/s1")
	do(b, b.UpdateStage, update(remove("/clientCertificateId")))
	do(b, b.DeleteClientCertificate, drop)
	refuse(b, b.DeleteClientCertificate, drop, missing, "Invalid Client Certificate identifier specified")
}

func TestTagsOfEveryNoun(t *testing.T) {
	b := newBench(t)
	rest := b.mockAPI()
	do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest, StageName: new("s1")})
	c := do(b, b.GenerateClientCertificate, api.GenerateClientCertificateRequest{Tags: map[string]string{"old": "1"}}).ClientCertificateId
	l := do(b, b.CreateVpcLink, api.CreateVpcLinkRequest{Name: new("a"), TargetArns: []string{balancer}, Tags: map[string]string{"old": "1"}}).Id
	for _, resource := range []string{"restapis/" + *rest, "restapis/" + *rest + "/stages/s1", "clientcertificates/" + *c, "vpclinks/" + *l} {
		arn := new("arn:aws:apigateway:us-east-1::/" + resource)
		do(b, b.TagResource, api.TagResourceRequest{ResourceArn: arn, Tags: map[string]string{"a": "1", "old": "2"}})
		do(b, b.UntagResource, api.UntagResourceRequest{ResourceArn: arn, TagKeys: []string{"old"}})
		if tags := do(b, b.GetTags, api.GetTagsRequest{ResourceArn: arn}).Tags; len(tags) != 1 || tags["a"] != "1" {
			t.Errorf("%s has tags %v", resource, tags)
		}
	}
	refuse(b, b.GetTags, api.GetTagsRequest{ResourceArn: new("arn:aws:apigateway:us-east-1::/vpclinks/none")}, missing, "Invalid Vpc Link identifier specified")
	refuse(b, b.TagResource, api.TagResourceRequest{ResourceArn: new("arn:aws:apigateway:us-east-1::/apikeys/a"), Tags: map[string]string{"a": "1"}}, bad,
		"lamgate does not support tags of apikeys yet")
}
