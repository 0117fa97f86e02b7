import { execFileSync } from 'node:child_process';
import { type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as peculiar from '@peculiar/x509';
import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR, MINUTE, systemClock } from '#core';
import { chainToPem, toPem } from '#asn1';
import { privateKeyToBytes } from '#crypto';
import {
  type CertificateStatus,
  type RevokedCertificate,
  authorityProfile,
  buildTbsCrl,
  certifiedKey,
  issuerHashes,
  issuerOf,
  checkRequest,
  leafProfile,
  lintCertificate,
  namesIssuer,
  ocspError,
  ocspRequestFromPath,
  ocspSignerProfile,
  parseOcspRequest,
  writePkcs12,
  pkcs7Certificates,
  revocationReasons,
  signCrl,
  signOcspResponse,
} from '#pki';
import { type Holder, commonName, dns, factsOf, keys, makeBelow, makeRoot, spkiOf, tbsBelow } from './pure-samples.js';

// openssl verifies CRLs and OCSP answers by the machine's clock.
const now = Math.floor(systemClock.now() / 1000) * 1000;
const urls = { crl: 'http://pki.test/1/crl', ocsp: 'http://pki.test/1/ocsp', caIssuers: 'http://pki.test/1/ca.crt' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'certificates-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const save = (name: string, content: string | Buffer): string => {
  writeFileSync(join(folder, name), content);
  return name;
};

/** What openssl says, on both of its channels, whether it agrees or not. */
function openssl(...parameters: readonly (string | readonly string[])[]): string {
  try {
    return execFileSync('sh', ['-c', 'exec openssl "$@" 2>&1', 'sh', ...parameters.flat()], {
      cwd: folder,
      encoding: 'utf8',
    });
  } catch (error) {
    return `FAILED ${String((error as { stdout?: unknown }).stdout)}`;
  }
}

const pem = (...holders: readonly Holder[]): string => chainToPem(holders.map(({ certificate }) => certificate.der));

async function crlOf(authority: Holder, revoked: readonly RevokedCertificate[], number = 1): Promise<Buffer> {
  const issuer = issuerOf(authority.certificate, authority.key);
  const content = { issuer, number, thisUpdate: now - MINUTE, nextUpdate: now + HOUR, revoked };
  return signCrl(buildTbsCrl(content), authority.key);
}

const extensionTitles = (text: string): string[] =>
  [...text.matchAll(/^ {12}(?:X509v3 )?(\S.*?): ?(critical)?\s*$/gm)].map(([, title, critical]) =>
    critical ? `${title} critical` : title!,
  );

describe.each(Object.entries(keys))('an authority with a key of the kind %s', (kind, makeKey) => {
  let root: Holder;
  let intermediate: Holder;
  let leaf: Holder;
  let other: Holder;

  beforeAll(async () => {
    root = await makeRoot(now, makeKey(), authorityProfile({ pathLength: 1 }));
    const nameConstraints = {
      permitted: [dns('acme.example'), { kind: 'ip', value: '10.0.0.0/8' } as const],
      excluded: [dns('secret.acme.example')],
    };
    intermediate = await makeBelow(root, now, makeKey(), {
      profile: authorityProfile({ pathLength: 0, nameConstraints }),
      subject: commonName('Intermediate'),
      urls,
    });
    const subjectAlternativeNames = [dns('api.acme.example'), { kind: 'ip', value: '10.1.2.3' } as const];
    leaf = await makeBelow(intermediate, now, keys.ed25519(), { urls, subjectAlternativeNames });
    other = await makeBelow(intermediate, now, keys.p384(), { urls, subject: commonName('Other') });
    save(`${kind}-root.pem`, pem(root));
    save(`${kind}-intermediate.pem`, pem(intermediate));
    save(`${kind}-leaf.pem`, pem(leaf));
  });

  const verify = (certificate: string, ...parameters: readonly string[]): string =>
    openssl(
      'verify',
      '-x509_strict',
      ['-CAfile', `${kind}-root.pem`, '-untrusted', `${kind}-intermediate.pem`, '-purpose', 'sslclient'],
      parameters,
      certificate,
    );

  it(`openssl verifies a chain with the key ${kind} strictly`, () => {
    expect(verify(`${kind}-leaf.pem`)).toBe(`${kind}-leaf.pem: OK\n`);
    expect(openssl('verify', '-x509_strict', '-CAfile', `${kind}-root.pem`, `${kind}-root.pem`)).toContain(': OK');
  });

  it('openssl rejects a leaf outside the name constraints, as the lint does', async () => {
    const wishes = { subjectAlternativeNames: [dns('api.globex.example')] };
    const key = keys.p256();
    const stray = await makeBelow(intermediate, now, key, wishes);
    save('stray.pem', pem(stray));
    expect(verify('stray.pem')).toContain('permitted subtree violation');
    const findings = lintCertificate(stray.certificate.tbs, intermediate.certificate);
    expect(findings.map(({ code }) => code)).toEqual(['LINT_NAME_CONSTRAINED']);
  });

  it('the lint finds nothing in what is issued', () => {
    expect(lintCertificate(root.certificate.tbs)).toEqual([]);
    expect(lintCertificate(intermediate.certificate.tbs, root.certificate)).toEqual([]);
    expect(lintCertificate(leaf.certificate.tbs, intermediate.certificate)).toEqual([]);
  });

  it('openssl, node and @peculiar/x509 read what we read', () => {
    const { certificate } = leaf;
    const node = new X509Certificate(certificate.der);
    const third = new peculiar.X509Certificate(certificate.der);
    expect(node.checkIssued(new X509Certificate(intermediate.certificate.der))).toBe(true);
    expect(node.verify(new X509Certificate(intermediate.certificate.der).publicKey)).toBe(true);
    expect(node.publicKey.equals(certifiedKey(certificate)!)).toBe(true);
    expect(BigInt(`0x${third.serialNumber}`)).toBe(BigInt(`0x${certificate.serialNumber}`));
    expect(third.notBefore.getTime()).toBe(certificate.notBefore);
    expect(third.notAfter.getTime()).toBe(certificate.notAfter);
    expect(node.subjectAltName).toBe('DNS:api.acme.example, IP Address:10.1.2.3');
  });

  it('a leaf has exactly the extensions of its profile', () => {
    const text = openssl('x509', '-in', `${kind}-leaf.pem`, '-noout', '-text');
    expect(extensionTitles(text)).toEqual([
      'Basic Constraints critical',
      'Key Usage critical',
      'Extended Key Usage',
      'Subject Key Identifier',
      'Authority Key Identifier',
      'Subject Alternative Name',
      'CRL Distribution Points',
      'Authority Information Access',
    ]);
    expect(text).toContain('CA:FALSE');
    expect(text).toContain('TLS Web Client Authentication');
    const authority = openssl('x509', '-in', `${kind}-intermediate.pem`, '-noout', '-text');
    expect(authority).toContain('CA:TRUE, pathlen:0');
    expect(authority).toMatch(/Permitted:\s+DNS:acme.example\s+IP:10.0.0.0\/255.0.0.0\s+Excluded:\s+DNS:secret/);
  });

  it('openssl reads the CRL and obeys it', async () => {
    const revokedAt = now - 10 * MINUTE;
    const revoked = revocationReasons.map((reason, index) => ({ serialNumber: `a${index}`, revokedAt, reason }));
    const { serialNumber } = leaf.certificate;
    const withLeaf = [...revoked, { serialNumber, revokedAt, reason: 'keyCompromise' } as const];
    save('root.crl', toPem('X509 CRL', await crlOf(root, [])));
    const number = 1_763_763_749_000;
    save('with.crl', toPem('X509 CRL', await crlOf(intermediate, withLeaf, number)));
    save('without.crl', toPem('X509 CRL', await crlOf(intermediate, revoked, number)));
    const check = ['-crl_check_all', '-CRLfile', 'root.crl', '-CRLfile'];
    expect(verify(`${kind}-leaf.pem`, ...check, 'with.crl')).toContain('certificate revoked');
    expect(verify(`${kind}-leaf.pem`, ...check, 'without.crl')).toContain(': OK');

    const text = openssl('crl', '-in', 'with.crl', '-noout', '-text', '-CAfile', `${kind}-intermediate.pem`);
    expect(text).toContain('verify OK');
    expect(text).toContain('Version 2');
    expect(openssl('crl', '-in', 'with.crl', '-noout', '-crlnumber')).toContain(number.toString(16).toUpperCase());
    for (const reason of [
      'Key Compromise',
      'CA Compromise',
      'Certificate Hold',
      'Privilege Withdrawn',
      'AA Compromise',
    ])
      expect(text).toContain(reason);
    expect(text.match(/CRL Reason Code/g)).toHaveLength(withLeaf.length - 1); // all but `unspecified`
    const third = new peculiar.X509Crl(await crlOf(intermediate, withLeaf));
    expect(third.entries).toHaveLength(withLeaf.length);
  });

  describe('its OCSP answers', () => {
    let signer: Holder;
    beforeAll(async () => {
      signer = await makeBelow(intermediate, now, keys.p256(), {
        profile: ocspSignerProfile(),
        subject: commonName('OCSP signer'),
      });
      save(`${kind}-other.pem`, pem(other));
    });

    const statuses: Readonly<Record<string, CertificateStatus>> = {
      good: { status: 'good' },
      unknown: { status: 'unknown' },
      revoked: { status: 'revoked', revokedAt: now - HOUR, reason: 'superseded' },
      'on hold': { status: 'revoked', revokedAt: now - HOUR, reason: 'certificateHold' },
    };

    const ask = (digest: string, nonce: boolean): Buffer => {
      const issuer = ['-issuer', `${kind}-intermediate.pem`, `-${digest}`];
      openssl('ocsp', ...issuer, '-cert', `${kind}-leaf.pem`, nonce ? '-nonce' : '-no_nonce', '-reqout', 'request.der');
      return readFileSync(join(folder, 'request.der'));
    };

    async function answer(requestDer: Buffer, status: CertificateStatus, delegated = true): Promise<void> {
      const request = parseOcspRequest(requestDer);
      if (!request.ok) throw new Error(request.detail);
      const [certificateId] = request.value.certificateIds;
      expect(namesIssuer(certificateId!, issuerHashes(intermediate.certificate))).toBe(true);
      expect(namesIssuer(certificateId!, issuerHashes(root.certificate))).toBe(false);
      expect(certificateId!.serialNumber).toBe(leaf.certificate.serialNumber);
      const by = delegated ? signer : intermediate;
      const response = await signOcspResponse(
        {
          answers: [{ certificateId: certificateId!, status }],
          producedAt: now,
          thisUpdate: now - MINUTE,
          nextUpdate: now + HOUR,
          nonce: request.value.nonce,
          signerPublicKeyInfo: spkiOf(by.key),
          ...(delegated && { signerCertificate: signer.certificate.der }),
        },
        by.key,
      );
      save('response.der', response);
    }

    // Of a request that it has read, openssl prints the state only where the certificate is named again; but then it adds a
    // fresh nonce or ignores the one that is there. So it verifies twice.
    const trust = (): string[] => ['-CAfile', `${kind}-root.pem`, '-verify_other', `${kind}-intermediate.pem`];
    const verify = (digest: string): string =>
      openssl(
        ['ocsp', '-reqin', 'request.der', '-respin', 'response.der', ...trust(), '-no_nonce'],
        ['-issuer', `${kind}-intermediate.pem`, `-${digest}`, '-cert', `${kind}-leaf.pem`],
      );
    const verifyNonce = (): string => openssl('ocsp', '-reqin', 'request.der', '-respin', 'response.der', ...trust());

    it.each([
      ['sha1', true, 'good'],
      ['sha256', false, 'good'],
      ['sha1', false, 'unknown'],
      ['sha256', true, 'revoked'],
      ['sha1', true, 'on hold'],
    ] as const)('an OCSP answer by %s, nonce %s: %s', async (digest, nonce, name) => {
      await answer(ask(digest, nonce), statuses[name]!);
      const verdict = verify(digest);
      expect(verdict).toContain('Response verify OK');
      expect(verifyNonce()).toBe('Response verify OK\n');
      expect(verdict).toContain(`${kind}-leaf.pem: ${statuses[name]!.status}`);
      if (name === 'revoked') expect(verdict).toContain('Reason: superseded');
      if (name === 'on hold') expect(verdict).toContain('Reason: certificateHold');
    });

    it('the authority itself may sign OCSP answers, and openssl notices a nonce that is not repeated', async () => {
      const request = ask('sha1', true);
      await answer(request, statuses['good']!, false);
      expect(verify('sha1')).toContain('Response verify OK');
      ask('sha1', true);
      expect(verifyNonce()).toContain('Nonce Verify error');
      save('response.der', ocspError('unauthorized'));
      expect(verifyNonce()).toContain('unauthorized (6)');
    });

    it('an OCSP request is accepted by GET as well', () => {
      const request = ask('sha1', false);
      const base64 = request.toString('base64');
      for (const segment of [base64, encodeURIComponent(base64), base64.replace(/=+$/, '')])
        expect(ocspRequestFromPath(segment)).toEqual(request);
      for (const segment of ['', '%', '***', `${base64}*`, 'A'.repeat(20_000)])
        expect(ocspRequestFromPath(segment)).toBeUndefined();
    });
  });
});

describe('OCSP errors', () => {
  it.each([
    ['malformedRequest', 1],
    ['internalError', 2],
    ['tryLater', 3],
    ['sigRequired', 5],
    ['unauthorized', 6],
  ] as const)('openssl reads the OCSP error %s', (status, code) => {
    save('error.der', ocspError(status));
    expect(openssl('ocsp', '-respin', 'error.der').toLowerCase()).toContain(`(${code})`);
  });
});

describe('requests that openssl makes', () => {
  it.each([
    ['rsa:2048', []],
    ['rsa:3072', ['-sha384']],
    ['ec', ['-pkeyopt', 'ec_paramgen_curve:P-256']],
    ['ec', ['-pkeyopt', 'ec_paramgen_curve:P-384', '-sha512']],
    ['ed25519', []],
  ])('a request that openssl makes is read: %s %s', (algorithm, options) => {
    const subject = ['-subj', '/CN=Böhm & Co', '-utf8', '-addext', 'subjectAltName=DNS:api.acme.example'];
    openssl('req', '-new', '-nodes', '-newkey', algorithm, ...options, ...subject, '-keyout', 'k.pem', '-out', 'r.pem');
    const facts = factsOf(readFileSync(join(folder, 'r.pem'), 'utf8'));
    expect(checkRequest(facts)).toEqual([]);
    expect(facts.request.subject.map(({ value }) => value)).toEqual(['Böhm & Co']);
    expect(facts.request.subjectAlternativeNames).toEqual([dns('api.acme.example')]);
  });

  it('a request that openssl makes with SHA-1 is rejected', () => {
    openssl(
      'req',
      '-new',
      '-nodes',
      '-newkey',
      'rsa:2048',
      '-sha1',
      '-subj',
      '/CN=x',
      '-keyout',
      'k.pem',
      '-out',
      'r.pem',
    );
    const facts = factsOf(readFileSync(join(folder, 'r.pem'), 'utf8'));
    expect(checkRequest(facts).map(({ code }) => code)).toEqual(['CSR_SIGNATURE_ALGORITHM_WEAK']);
  });
});

describe('bundles', () => {
  let root: Holder;
  let leaf: Holder;
  let key: KeyObject;
  beforeAll(async () => {
    root = await makeRoot(now, keys.p256());
    key = keys.p256();
    leaf = await makeBelow(root, now, key, { profile: leafProfile(30) });
  });

  it('openssl lists a PKCS#7 chain, leaf first', () => {
    save('chain.p7b', toPem('PKCS7', pkcs7Certificates([leaf.certificate.der, root.certificate.der])));
    const text = openssl('pkcs7', '-in', 'chain.p7b', '-print_certs', '-noout');
    expect([...text.matchAll(/^subject=.*CN ?= ?(\w+)/gm)].map(([, name]) => name)).toEqual(['Leaf', 'Root']);
  });

  it('openssl opens a PKCS#12 bundle: AES-256-CBC, PBKDF2 and MAC with SHA-256', async () => {
    // The number that the product uses is checked with the bundle of a server.
    const iterations = 1_000;
    const passphrase = 'correct horse ätterie 🔑';
    const certificates = [leaf.certificate.der, root.certificate.der];
    const content = { pkcs8: privateKeyToBytes(key), certificates, friendlyName: 'Münze' };
    save('bundle.p12', await writePkcs12(content, passphrase, iterations));
    const open = (...parameters: string[]): string =>
      openssl('pkcs12', '-in', 'bundle.p12', '-passin', `pass:${passphrase}`, ...parameters);
    const text = open('-info', '-noout');
    expect(text).toContain(`MAC: sha256, Iteration ${iterations}`);
    expect(text.split(`PBES2, PBKDF2, AES-256-CBC, Iteration ${iterations}, PRF hmacWithSHA256`)).toHaveLength(3);
    const contents = open('-nodes');
    expect(contents).toContain(key.export({ type: 'pkcs8', format: 'pem' }).toString().trim());
    expect(contents).toContain(toPem('CERTIFICATE', leaf.certificate.der).trim());
    expect(contents).toContain(toPem('CERTIFICATE', root.certificate.der).trim());
    expect(openssl('pkcs12', '-in', 'bundle.p12', '-passin', 'pass:wrong', '-noout')).toContain('invalid password');
  });

  it('openssl finds the structure of everything sound', async () => {
    const tbs = tbsBelow(root, now, key);
    const files = [tbs, await crlOf(root, []), ocspError('tryLater'), pkcs7Certificates([leaf.certificate.der])];
    for (const bytes of files) {
      save('structure.der', bytes);
      expect(openssl('asn1parse', '-inform', 'DER', '-in', 'structure.der')).toMatch(/^ +0:d=0/);
    }
  });
});
