import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import {
  type CertificateProfile,
  type DistinguishedName,
  type GeneralName,
  authorityProfile,
  buildTbsCertificate,
  buildTbsCrl,
  issuerHashes,
  issuerOf,
  leafProfile,
  ocspSignerProfile,
  parseCertificate,
  parseOcspRequest,
  randomSerialNumber,
  selfIssuer,
  signCertificate,
  signCrl,
  signOcspResponse,
  signatureAlgorithmFor,
  validityFrom,
} from '#pki';

/** Something that this product signs, in DER. */
export interface Output {
  readonly name: string;
  readonly kind: 'certificate' | 'crl' | 'ocsp';
  readonly der: Buffer;
}

const KEYS: Readonly<Record<string, () => KeyObject>> = {
  'RSA-2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey,
  Ed25519: () => generateKeyPairSync('ed25519').privateKey,
};
const URLS = { caIssuers: 'http://pki.example/ca.crt', ocsp: 'http://pki.example/ocsp', crl: 'http://pki.example/crl' };
const HOUR = 3_600_000;

interface Holder {
  readonly der: Buffer;
  readonly key: KeyObject;
}

const spki = (key: KeyObject): Buffer => createPublicKey(key).export({ type: 'spki', format: 'der' });
const named = (value: string): DistinguishedName => [
  { type: 'countryName', value: 'DE' },
  { type: 'organizationName', value: 'Ärger & Söhne' },
  { type: 'commonName', value },
];

function read(der: Buffer) {
  const parsed = parseCertificate(der);
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.value;
}

async function certify(
  now: number,
  key: KeyObject,
  name: string,
  profile: CertificateProfile,
  issuer?: Holder,
  names: readonly GeneralName[] = [],
): Promise<Holder> {
  const above = issuer && read(issuer.der);
  const publicKeyInfo = spki(key);
  const subject = named(name);
  const signer = issuer?.key ?? key;
  const tbs = buildTbsCertificate({
    profile,
    serialNumber: randomSerialNumber(),
    subject,
    subjectAlternativeNames: names,
    publicKeyInfo,
    issuer: above ? issuerOf(above, signer) : selfIssuer(subject, publicKeyInfo, signatureAlgorithmFor(key)),
    ...(issuer ? { urls: URLS } : {}),
    ...validityFrom(now, profile.validityDays, above),
  });
  return { der: await signCertificate(tbs, signer), key };
}

/** What is never signed, to see that a linter says so: a certificate that ends before it begins, and half a certificate. */
export async function faulty(now: number): Promise<Readonly<Record<'reversed' | 'cut', Output>>> {
  const key = KEYS['P-256']!();
  const issuer = selfIssuer(named('Root'), spki(key), signatureAlgorithmFor(key));
  const tbs = buildTbsCertificate({
    profile: authorityProfile(),
    serialNumber: randomSerialNumber(),
    subject: named('Root'),
    publicKeyInfo: spki(key),
    issuer,
    notBefore: now,
    notAfter: now - HOUR,
  });
  const der = await signCertificate(tbs, key);
  return {
    reversed: { name: 'reversed', kind: 'certificate', der },
    cut: { name: 'cut', kind: 'certificate', der: der.subarray(0, der.length / 2) },
  };
}

/** Everything that is signed, with authorities of each kind of key. */
export async function* outputs(
  now: number,
  ocspRequest: (holder: Buffer, issuer: Buffer) => Buffer,
): AsyncIterable<Output> {
  for (const [kind, make] of Object.entries(KEYS)) {
    const constraints = { permitted: [{ kind: 'dns', value: 'acme.example' }] as const, excluded: [] };
    const root = await certify(now, make(), `Root ${kind}`, authorityProfile());
    const below = authorityProfile({ validityDays: 365, pathLength: 0, nameConstraints: constraints });
    const authority = await certify(now, make(), `Issuing ${kind}`, below, root);
    const host: GeneralName = { kind: 'dns', value: 'api.acme.example' };
    const leaf = await certify(
      now,
      make(),
      'api.acme.example',
      leafProfile(90, ['serverAuth', 'clientAuth']),
      authority,
      [host],
    );
    const client = await certify(now, make(), 'My Awesome Reseller', leafProfile(90), authority);
    const responder = await certify(now, make(), `Responder ${kind}`, ocspSignerProfile(), authority);
    for (const [name, { der }] of Object.entries({ root, authority, leaf, client, responder })) {
      yield { name: `${kind}-${name}`, kind: 'certificate', der };
    }
    const issuer = issuerOf(read(authority.der), authority.key);
    const { serialNumber } = read(leaf.der);
    const revoked = [{ serialNumber, revokedAt: now - HOUR, reason: 'keyCompromise' }] as const;
    for (const [name, list] of [
      ['empty', []],
      ['full', revoked],
    ] as const) {
      const tbs = buildTbsCrl({ issuer, number: 1, thisUpdate: now, nextUpdate: now + 24 * HOUR, revoked: list });
      yield { name: `${kind}-${name}`, kind: 'crl', der: await signCrl(tbs, authority.key) };
    }
    const request = parseOcspRequest(ocspRequest(leaf.der, authority.der));
    if (!request.ok) throw new Error(request.detail);
    const [certificateId] = request.value.certificateIds;
    if (!certificateId || !issuerHashes(read(authority.der))) throw new Error('The request names no certificate');
    const content = { thisUpdate: now, nextUpdate: now + HOUR, producedAt: now, signerCertificate: responder.der };
    const statuses = {
      good: { status: 'good' },
      revoked: { status: 'revoked', revokedAt: now - HOUR, reason: 'keyCompromise' },
    } as const;
    for (const [name, status] of Object.entries(statuses)) {
      const answers = [{ certificateId, status }];
      const signed = { ...content, answers, signerPublicKeyInfo: spki(responder.key) };
      yield { name: `${kind}-${name}`, kind: 'ocsp', der: await signOcspResponse(signed, responder.key) };
    }
  }
}
