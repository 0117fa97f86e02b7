// Gets a certificate with the client of lego, renews it as its renewal information says, and revokes it.
//
//	lego <directory URL> <kid> <hmac key> <http-01 port, or 0 for dns-01> <name>...
//
// What dns-01 needs is written by lego's own provider exec (EXEC_PATH). Each step is a line of the output.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"github.com/go-acme/lego/v4/certcrypto"
	"github.com/go-acme/lego/v4/certificate"
	"github.com/go-acme/lego/v4/challenge/dns01"
	"github.com/go-acme/lego/v4/challenge/http01"
	"github.com/go-acme/lego/v4/lego"
	"github.com/go-acme/lego/v4/providers/dns/exec"
	"github.com/go-acme/lego/v4/registration"
)

type account struct {
	key          crypto.PrivateKey
	registration *registration.Resource
}

func (a *account) GetEmail() string                        { return "ops@lego.test" }
func (a *account) GetRegistration() *registration.Resource { return a.registration }
func (a *account) GetPrivateKey() crypto.PrivateKey        { return a.key }

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	directory, kid, hmacKey, port, names := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:]
	user := &account{key: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
	config := lego.NewConfig(user)
	config.CADirURL = directory
	config.Certificate.KeyType = certcrypto.RSA2048
	client := must(lego.NewClient(config))
	if port == "0" {
		provider := must(exec.NewDNSProvider())
		// The test's DNS server answers the moment it is told.
		withoutWaiting := dns01.WrapPreCheck(func(_, _, _ string, _ dns01.PreCheckFunc) (bool, error) { return true, nil })
		check(client.Challenge.SetDNS01Provider(provider, withoutWaiting))
	} else {
		check(client.Challenge.SetHTTP01Provider(http01.NewProviderServer("127.0.0.1", port)))
	}
	binding := registration.RegisterEABOptions{TermsOfServiceAgreed: true, Kid: kid, HmacEncoded: hmacKey}
	user.registration = must(client.Registration.RegisterWithExternalAccountBinding(binding))
	fmt.Println("registered")

	obtained := must(client.Certificate.Obtain(certificate.ObtainRequest{Domains: names, Bundle: true}))
	leaf := must(certcrypto.ParsePEMCertificate(obtained.Certificate))
	fmt.Println("obtained", leaf.SerialNumber.Text(16), leaf.DNSNames)

	id := must(certificate.MakeARICertID(leaf))
	info := must(client.Certificate.GetRenewalInfo(certificate.RenewalInfoRequest{Cert: leaf}))
	fmt.Println("renewal window", info.SuggestedWindow.Start.After(time.Now()))

	renewed := must(client.Certificate.Obtain(certificate.ObtainRequest{Domains: names, Bundle: true, ReplacesCertID: id}))
	fmt.Println("replaced", must(certcrypto.ParsePEMCertificate(renewed.Certificate)).SerialNumber.Text(16))
	// What was replaced already (alreadyReplaced) lego orders again without saying so.
	again := must(client.Certificate.Obtain(certificate.ObtainRequest{Domains: names, Bundle: true, ReplacesCertID: id}))
	fmt.Println("again", must(certcrypto.ParsePEMCertificate(again.Certificate)).SerialNumber.Text(16))

	check(client.Certificate.Revoke(obtained.Certificate))
	info = must(client.Certificate.GetRenewalInfo(certificate.RenewalInfoRequest{Cert: leaf}))
	fmt.Println("renewal window", info.SuggestedWindow.Start.After(time.Now()))
	fmt.Println("revoked twice", client.Certificate.Revoke(obtained.Certificate) == nil)
}
