import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

import { certificatesIn, fromPem } from '#asn1';
import { parseCertificate, parseCertificateRequest, provesPossession } from '#pki';

import type { Case } from './corpus.ts';
import { filesBelow, output } from './sources.ts';

/** PKCS#10, held against the command of OpenSSL: read, and signed with the key in it. */
export function* requests(folder: string): Iterable<Case> {
  for (const path of filesBelow(folder)) {
    if (!path.includes('requests')) continue;
    const bytes = readFileSync(path);
    const isPem = path.endsWith('.pem');
    // OpenSSL says on its error output, and not by its status, whether the signature is right.
    const args = [
      '-c',
      'exec openssl req -noout -verify -in "$1" -inform "$2" 2>&1',
      'sh',
      path,
      isPem ? 'PEM' : 'DER',
    ];
    const read = parseCertificateRequest(isPem ? bytes.toString('latin1') : bytes);
    const isProven = read.ok && provesPossession(read.value);
    yield {
      name: relative(folder, path),
      expected: /verify OK/.test(output('sh', args) ?? '') ? 'accepted' : 'refused',
      actual: isProven ? 'accepted' : 'refused',
      detail: read.ok
        ? `${read.value.signatureAlgorithm?.name ?? read.value.signatureOid}, ${read.value.publicKey.name}`
        : read.detail,
    };
  }
}

/** Certificates of authorities, held against OpenSSL as Node has it: read, with the same serial number. */
export function* authorities(folder: string): Iterable<Case> {
  for (const path of filesBelow(folder)) {
    if (!/\.(pem|crt|der|cert)$/.test(path)) continue;
    const bytes = readFileSync(path);
    const encoded = bytes.includes('-----BEGIN')
      ? (fromPem(bytes.toString('latin1'), ['CERTIFICATE']) ?? certificatesIn(bytes.toString('latin1'))[0])
      : bytes;
    if (!encoded) continue;
    let expected: X509Certificate | undefined;
    try {
      expected = new X509Certificate(encoded);
    } catch {
      expected = undefined;
    }
    if (expected && !expected.ca) continue;
    const read = parseCertificate(encoded);
    const serial = read.ok ? read.value.serialNumber.toUpperCase().replace(/^0+(?=.)/, '') : '';
    const isSame = !expected || serial === expected.serialNumber.replace(/^0+(?=.)/, '');
    yield {
      name: relative(folder, path),
      expected: expected ? 'accepted' : 'refused',
      actual: read.ok && isSame ? 'accepted' : 'refused',
      detail: read.ok ? `serial number ${serial}` : read.detail,
    };
  }
}
