import { type KeyObject, X509Certificate } from 'node:crypto';

import { certificatesIn } from '#asn1';
import type { EpochMilliseconds } from '#core';
import { publicKeyToBytes } from '#crypto';
import { type ParsedCertificate, parseCertificate } from '#pki';

import { authorityErrors } from './errors.js';

const CHAIN_LENGTH_MAX = 5;

/**
 * The certificates of a text, the authority's own first and each followed by its issuer's.
 * @throws INVALID_CA_CERTIFICATE
 */
export function readCertificateChain(pem: string): { own: ParsedCertificate; issuers: ParsedCertificate[] } {
  const encoded = certificatesIn(pem);
  if (encoded.length > CHAIN_LENGTH_MAX) throw refusal(`At most ${CHAIN_LENGTH_MAX} certificates are read`);
  const certificates = encoded.map((der) => {
    const parsed = parseCertificate(der);
    if (!parsed.ok) throw refusal(parsed.detail);
    return parsed.value;
  });
  const [own, ...issuers] = certificates;
  if (!own) throw refusal('The text holds no certificate in PEM');
  certificates.forEach((certificate, index) => {
    const issuer = certificates[index + 1];
    if (issuer && !isIssuedBy(certificate, issuer)) throw refusal('Each certificate must be issued by the next one');
  });
  return { own, issuers };
}

/** Whether the certificate names the issuer and is signed by it. */
function isIssuedBy(certificate: ParsedCertificate, issuer: ParsedCertificate): boolean {
  if (!certificate.issuerName.equals(issuer.subjectName)) return false;
  const [issued, above] = [new X509Certificate(certificate.der), new X509Certificate(issuer.der)];
  return issued.checkIssued(above) && issued.verify(above.publicKey);
}

/**
 * Whether certificates and CRLs may be issued under a certificate (RFC 5280 §6.1.4) with this key, today.
 * @throws INVALID_CA_CERTIFICATE, INVALID_CA_KEY
 */
export function requireIssuer(certificate: ParsedCertificate, key: KeyObject, now: EpochMilliseconds): void {
  const { basicConstraints, keyUsage, notBefore, notAfter } = certificate;
  if (!publicKeyToBytes(key).equals(certificate.publicKeyInfo)) throw authorityErrors.INVALID_CA_KEY();
  if (!basicConstraints?.ca) throw refusal('The certificate is not that of an authority (basicConstraints)');
  if (keyUsage && !(keyUsage.includes('keyCertSign') && keyUsage.includes('cRLSign'))) {
    throw refusal('The key usage must include keyCertSign and cRLSign');
  }
  if (now < notBefore || now > notAfter) throw refusal('The certificate is not valid today');
}

const refusal = (detail: string): Error => authorityErrors.INVALID_CA_CERTIFICATE(detail);
