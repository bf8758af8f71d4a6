package apigateway

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"time"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

var noClientCertificate = notFound("Invalid Client Certificate identifier specified")

const certificateBits = 2048

// GenerateClientCertificate implements apigateway.GenerateClientCertificateAPI.
func (s *Service) GenerateClientCertificate(ctx context.Context, in *api.GenerateClientCertificateRequest) (*api.ClientCertificate, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	caller := aws.CallerFrom(ctx)
	now := s.now()
	c := &plan.ClientCertificate{
		ID:          aws.NewResourceID(6),
		Account:     caller.Account,
		Region:      caller.Region,
		Description: aws.Value(in.Description),
		Created:     now,
		Expires:     now.AddDate(1, 0, 0),
		Tags:        maps.Clone(in.Tags),
	}
	var err error
	if c.Certificate, c.PrivateKey, err = selfSigned(c.Created, c.Expires); err != nil {
		return nil, err
	}
	for {
		err := state.Create(ctx, s.docs, plan.ClientCertificateKey(c.ID), c)
		if err == nil {
			return describeCertificate(c, false), nil
		}
		if !errors.Is(err, state.ErrConflict) {
			return nil, err
		}
		c.ID = aws.NewResourceID(6)
	}
}

// selfSigned makes a key and a certificate that vouches for itself, in PEM.
func selfSigned(from, until time.Time) (certificate, key string, err error) {
	private, err := rsa.GenerateKey(rand.Reader, certificateBits)
	if err != nil {
		return "", "", fmt.Errorf("generate the key of a client certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return "", "", fmt.Errorf("generate the serial number of a client certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "ApiGateway", OrganizationalUnit: []string{"ApiGateway"}},
		NotBefore:             from,
		NotAfter:              until,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return "", "", fmt.Errorf("sign a client certificate: %w", err)
	}
	encodedKey, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", "", fmt.Errorf("encode the key of a client certificate: %w", err)
	}
	certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	key = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encodedKey}))
	return certificate, key, nil
}

// certificate returns a client certificate of the caller's.
func (s *Service) certificate(ctx context.Context, id string) (*plan.ClientCertificate, error) {
	if !isID(id) {
		return nil, noClientCertificate
	}
	c, err := state.Load[plan.ClientCertificate](s.docs, plan.ClientCertificateKey(id))
	if errors.Is(err, state.ErrNotFound) || err == nil && !owns(ctx, c.Account, c.Region) {
		return nil, noClientCertificate
	}
	return c, err
}

// changeCertificate is change for a client certificate.
func (s *Service) changeCertificate(ctx context.Context, id string, f func(*plan.ClientCertificate) error) error {
	if !isID(id) {
		return noClientCertificate
	}
	_, err := state.Update(ctx, s.docs, plan.ClientCertificateKey(id), func(c *plan.ClientCertificate) error {
		if !owns(ctx, c.Account, c.Region) {
			return state.ErrNotFound
		}
		return f(c)
	})
	if errors.Is(err, state.ErrNotFound) {
		return noClientCertificate
	}
	return err
}

// checkCertificate refuses the ID of a client certificate that does not exist.
// A stage may have none.
func (s *Service) checkCertificate(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	_, err := s.certificate(ctx, id)
	return err
}

// GetClientCertificate implements apigateway.GetClientCertificateAPI.
func (s *Service) GetClientCertificate(ctx context.Context, in *api.GetClientCertificateRequest) (*api.ClientCertificate, error) {
	c, err := s.certificate(ctx, aws.Value(in.ClientCertificateId))
	if err != nil {
		return nil, err
	}
	return describeCertificate(c, true), nil
}

// GetClientCertificates implements apigateway.GetClientCertificatesAPI.
func (s *Service) GetClientCertificates(ctx context.Context, in *api.GetClientCertificatesRequest) (*api.ClientCertificates, error) {
	all, err := state.LoadAll[plan.ClientCertificate](s.docs, plan.ClientCertificatesPrefix)
	if err != nil {
		return nil, err
	}
	var own []*plan.ClientCertificate
	for _, c := range all {
		if owns(ctx, c.Account, c.Region) {
			own = append(own, c)
		}
	}
	byAge := func(c *plan.ClientCertificate) string { return c.Created.Format(time.RFC3339) + c.ID }
	own, next, err := page(own, byAge, in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &api.ClientCertificates{Items: make([]api.ClientCertificate, len(own)), Position: next}
	for i, c := range own {
		out.Items[i] = *describeCertificate(c, false)
	}
	return out, nil
}

// UpdateClientCertificate implements apigateway.UpdateClientCertificateAPI.
func (s *Service) UpdateClientCertificate(ctx context.Context, in *api.UpdateClientCertificateRequest) (*api.ClientCertificate, error) {
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.ClientCertificate
	err = s.changeCertificate(ctx, aws.Value(in.ClientCertificateId), func(c *plan.ClientCertificate) error {
		for _, p := range ops {
			if err := p.only("/description"); err != nil {
				return err
			}
			c.Description = p.value
		}
		out = describeCertificate(c, true)
		return nil
	})
	return out, err
}

// DeleteClientCertificate implements apigateway.DeleteClientCertificateAPI.
func (s *Service) DeleteClientCertificate(ctx context.Context, in *api.DeleteClientCertificateRequest) (*api.DeleteClientCertificateOutput, error) {
	id := aws.Value(in.ClientCertificateId)
	if _, err := s.certificate(ctx, id); err != nil {
		return nil, err
	}
	err := s.eachAPI(ctx, func(a *restAPI) error {
		for _, name := range sorted(a.Stages) {
			if a.Stages[name].ClientCertificateID == id {
				return badRequest("Cannot delete client certificate '%s', is referenced in stage: %s/%s", id, a.ID, name)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = state.Remove[plan.ClientCertificate](ctx, s.docs, plan.ClientCertificateKey(id), nil)
	if errors.Is(err, state.ErrNotFound) {
		return nil, noClientCertificate
	}
	if err != nil {
		return nil, err
	}
	return &api.DeleteClientCertificateOutput{}, nil
}

// describeCertificate describes a client certificate; its key stays here. tags
// asks for the tags even when there are none, as of an API.
func describeCertificate(c *plan.ClientCertificate, tags bool) *api.ClientCertificate {
	out := &api.ClientCertificate{
		ClientCertificateId:   &c.ID,
		Description:           optional(c.Description),
		PemEncodedCertificate: &c.Certificate,
		CreatedDate:           &c.Created,
		ExpirationDate:        &c.Expires,
		Tags:                  describeTags(c.Tags, tags),
	}
	return out
}
