import { type KeyObject, generateKeyPairSync } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { DAY } from '#core';
import { publicKeyToBytes } from '#crypto';

import { type ParsedCertificate, issuerOf, parseCertificate } from './certificate.js';
import { buildTbsCertificate, randomSerialNumber, selfIssuer, signCertificate } from './issuance.js';
import { checkPath } from './path.js';
import { type CertificateProfile, authorityProfile, leafProfile, validityFrom } from './profile.js';
import { signatureAlgorithmFor } from './signature-algorithms.js';

const now = Date.UTC(2026, 0, 1);

interface Made {
  readonly certificate: ParsedCertificate;
  readonly key: KeyObject;
}
interface Wishes {
  readonly name?: string;
  readonly key?: KeyObject;
  readonly profile?: CertificateProfile;
  readonly days?: number;
}

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

async function make(above: Made | undefined, wishes: Wishes = {}): Promise<Made> {
  const { key = newKey(), profile = authorityProfile(), days = 30, name = above ? 'Issuing' : 'Root' } = wishes;
  const subject = [{ type: 'commonName', value: name }] as const;
  const publicKeyInfo = publicKeyToBytes(key);
  const issuer = above
    ? issuerOf(above.certificate, above.key)
    : selfIssuer(subject, publicKeyInfo, signatureAlgorithmFor(key));
  const content = { profile, serialNumber: randomSerialNumber(), issuer, subject, publicKeyInfo };
  const der = await signCertificate(buildTbsCertificate({ ...content, ...validityFrom(now, days) }), above?.key ?? key);
  const parsed = parseCertificate(der);
  if (!parsed.ok) throw new Error(parsed.detail);
  return { certificate: parsed.value, key };
}

const outcome = (path: readonly Made[], at = now) => {
  const [own, ...issuers] = path.map(({ certificate }) => certificate);
  const checked = checkPath([own!, ...issuers], { now: at, extendedKeyUsage: ['clientAuth'] });
  return checked.ok ? { pathLength: checked.value.pathLength } : checked.detail;
};

const root = await make(undefined);

describe('checkPath', () => {
  it('a path of an authority below a root is accepted, and so are a root alone and an authority whose root is left out', async () => {
    const issuing = await make(root);
    expect(outcome([issuing, root])).toEqual({ pathLength: undefined });
    expect(outcome([root])).toEqual({ pathLength: undefined });
    expect(outcome([issuing])).toEqual({ pathLength: undefined });
  });

  it('a path permits below its first certificate what the shortest path length leaves', async () => {
    const limited = await make(undefined, { profile: authorityProfile({ pathLength: 2 }) });
    const issuing = await make(limited);
    expect(outcome([issuing, limited])).toEqual({ pathLength: 1 });
    expect(outcome([await make(limited, { profile: authorityProfile({ pathLength: 0 }) }), limited])).toEqual({
      pathLength: 0,
    });
  });

  it('a path is rejected whose certificates do not belong together', async () => {
    const other = await make(undefined);
    const issuing = await make(root);
    expect(outcome([issuing, other])).toBe('The certificate of CN=Issuing is not issued by the next one');
    expect(outcome([root, issuing])).toBe('The certificate of CN=Root is not issued by the next one');
    // A root whose name is right and whose signature is another's.
    const forged = { ...root, certificate: { ...other.certificate, der: flipped(other.certificate.der) } };
    expect(outcome([forged])).toBe('The certificate of CN=Root is not issued by the next one');
  });

  it.each<[string, Wishes, Wishes]>([
    [
      'permits fewer authorities below it than there are (path length 0)',
      { profile: authorityProfile({ pathLength: 0 }) },
      {},
    ],
    [
      'is not that of an authority (basicConstraints)',
      {},
      { profile: { ...authorityProfile(), basicConstraints: { ca: false } } },
    ],
    ['has a key usage without keyCertSign', {}, { profile: { ...authorityProfile(), keyUsage: ['cRLSign'] } }],
    [
      'does not permit certificates for clientAuth (extended key usage)',
      {},
      { profile: { ...authorityProfile(), extendedKeyUsage: ['serverAuth'] } },
    ],
    [
      'does not permit the name host.b.example below it (name constraints)',
      {
        profile: authorityProfile({
          nameConstraints: { permitted: [{ kind: 'dns', value: 'a.example' }], excluded: [] },
        }),
      },
      { name: 'host.b.example' },
    ],
    ['is not valid today', { days: 1 }, { days: 10 }],
    ['is not valid today', { days: 10 }, { days: 1 }],
  ])('a path is rejected if a certificate %s', async (detail, ofRoot, ofIssuing) => {
    const above = await make(undefined, ofRoot);
    const found = outcome([await make(above, ofIssuing), above], now + 2 * DAY);
    expect(String(found).slice(-detail.length)).toBe(detail);
  });

  it('a path is rejected if a certificate is one of a holder, or has a critical extension that is not supported', async () => {
    expect(outcome([await make(root, { profile: leafProfile() }), root])).toContain('basicConstraints');
    const { certificate, key } = await make(root);
    const [extension] = certificate.extensions;
    const unknown = { ...extension!, oid: '1.2.3', critical: true };
    const extended = { ...certificate, extensions: [...certificate.extensions, unknown] };
    expect(outcome([{ certificate: extended, key }, root])).toContain('has the critical extension 1.2.3');
  });
});

/** With another last bit: of the signature. */
function flipped(der: Buffer): Buffer {
  const copy = Buffer.from(der);
  copy[copy.length - 1]! ^= 1;
  return copy;
}
