import { certificatesIn } from '#asn1';
import type { EpochMilliseconds } from '#core';
import { publicKeyFingerprint } from '#crypto';
import { type CertificationPath, type NameConstraints, checkPath, parseCertificate } from '#pki';

import type { CertificateAuthority } from './entities.js';
import { authorityErrors } from './errors.js';
import { type IssuingProfile, certificateProfile } from './issuing-profile.js';
import { readStored } from './stored-certificate.js';

const CHAIN_LENGTH_MAX = 5;

/**
 * The certificates of a text, the authority's own first.
 * @throws INVALID_CA_CERTIFICATE
 */
export function readCertificateChain(pem: string): CertificationPath {
  const encoded = certificatesIn(pem);
  if (encoded.length > CHAIN_LENGTH_MAX) throw invalidChain(`At most ${CHAIN_LENGTH_MAX} certificates are read`);
  const [own, ...issuers] = encoded.map((der) => {
    const parsed = parseCertificate(der);
    if (!parsed.ok) throw invalidChain(parsed.detail);
    return parsed.value;
  });
  if (!own) throw invalidChain('The text holds no certificate in PEM');
  return [own, ...issuers];
}

/** What an authority is to do under a chain. */
interface Issuing {
  /** SHA-256 of the SubjectPublicKeyInfo of its key. */
  readonly publicKeyHash: string;
  readonly profile: IssuingProfile;
}

/**
 * Whether an authority may issue certificates and CRLs with its key under the first certificate of a chain, today.
 * @returns how many authorities may follow below it; `null` for any number
 * @throws INVALID_CA_CERTIFICATE, INVALID_CA_KEY
 */
export function requireIssuingChain(
  chain: CertificationPath,
  { publicKeyHash, profile }: Issuing,
  now: EpochMilliseconds,
): number | null {
  const [{ publicKeyInfo, keyUsage }] = chain;
  const { extendedKeyUsage } = certificateProfile(profile);
  const checked = checkPath(chain, { now, extendedKeyUsage });
  if (!checked.ok) throw invalidChain(checked.detail);
  if (publicKeyFingerprint(publicKeyInfo) !== publicKeyHash) throw authorityErrors.INVALID_CA_KEY();
  if (keyUsage && !keyUsage.includes('cRLSign')) {
    throw invalidChain('The key usage must include keyCertSign and cRLSign');
  }
  return checked.value.pathLength ?? null;
}

/** What limits the names below authorities: those of a tenant, the issuing one first, and what is above them elsewhere. */
export function nameConstraintsOf(authorities: readonly CertificateAuthority[]): NameConstraints[] {
  const elsewhere = certificatesIn(authorities.at(-1)?.importedChainPem ?? '').map((der) =>
    readStored({ certificatePem: der }),
  );
  return [...authorities, ...elsewhere].flatMap(({ nameConstraints }) => nameConstraints ?? []);
}

export const invalidChain = (detail: string): Error => authorityErrors.INVALID_CA_CERTIFICATE(detail);
