import { type KeyObject, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import * as csr from '@peculiar/asn1-csr';
import * as x509 from '@peculiar/asn1-x509';
import forge from 'node-forge';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXTENDED_KEY_USAGES, KEY_USAGES, OID } from '#asn1';
import { privateKeyToBytes } from '#crypto';
import {
  type CertificateContent,
  type DistinguishedName,
  type GeneralName,
  NAME_ATTRIBUTES,
  REVOCATION_REASONS,
  type RevokedCertificate,
  authorityProfile,
  buildTbsCertificate,
  buildTbsCrl,
  issuerOf,
  keyIdentifier,
  leafProfile,
  lintCertificate,
  ocspSignerProfile,
  parseCertificate,
  parseCertificateRequest,
  pkcs7Certificates,
  provesPossession,
  readKey,
  revocationReasons,
  signCertificate,
  writePkcs12,
} from '#pki';
import { type Holder, keys, makeRoot, spkiOf } from './pure-samples.js';

/** How many of each are compared. Continuous integration asks for thousands. */
const SAMPLES = Number(process.env['SECOND_IMPLEMENTATION_SAMPLES'] ?? 100);
const TIMEOUT = 600_000;
const START = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

/** The same sequence in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Samples {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = random(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  oneOf<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  some<Item>(most: number, make: () => Item): Item[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }

  text(most = 20): string {
    const letters = 'abcXYZ 019-äß€漢🔑';
    return `a${Array.from({ length: this.below(most) }, () => this.oneOf([...letters])).join('')}`;
  }

  label(): string {
    return Array.from({ length: 1 + this.below(12) }, () => this.oneOf([...'abcdefgh0123456789'])).join('');
  }

  domain(): string {
    return [...this.some(3, () => this.label()), this.label(), 'example'].join('.');
  }

  serialNumber(): string {
    const bytes = Array.from({ length: 8 + this.below(12) }, () => this.below(256));
    return Buffer.from([1 + this.below(255), ...bytes]).toString('hex');
  }

  instant(): number {
    // UTCTime and GeneralizedTime.
    return START + this.below(40 * 365) * DAY + this.below(86_400) * 1000;
  }

  name(): DistinguishedName {
    const attributes = this.some(4, () => ({
      type: this.oneOf(['organizationName', 'organizationalUnitName', 'localityName'] as const),
      value: this.text(),
    }));
    return [...attributes, { type: 'commonName', value: this.text() }];
  }

  generalName(): GeneralName {
    const bytes = Array.from({ length: 4 }, () => this.below(256));
    const groups = Array.from({ length: 8 }, () => (0x1000 + this.below(0xefff)).toString(16));
    return this.oneOf<GeneralName>([
      { kind: 'dns', value: this.domain() },
      { kind: 'email', value: `${this.label()}@${this.domain()}` },
      { kind: 'uri', value: `https://${this.domain()}/${this.label()}` },
      { kind: 'ip', value: bytes.join('.') },
      { kind: 'ip', value: groups.join(':') },
    ]);
  }

  content(issuer: Holder, subjectKey: KeyObject): CertificateContent {
    const notBefore = this.instant();
    const subtree = (): GeneralName => ({ kind: 'dns', value: this.domain() });
    const nameConstraints = { permitted: [subtree(), ...this.some(2, subtree)], excluded: this.some(2, subtree) };
    return {
      profile: this.oneOf([
        leafProfile(),
        ocspSignerProfile(),
        authorityProfile(),
        authorityProfile({ pathLength: this.below(5), nameConstraints }),
      ]),
      serialNumber: this.serialNumber(),
      issuer: issuerOf(issuer.certificate, issuer.key),
      subject: this.name(),
      subjectAlternativeNames: this.some(5, () => this.generalName()),
      publicKeyInfo: spkiOf(subjectKey),
      notBefore,
      notAfter: notBefore + (1 + this.below(4_000)) * DAY,
      ...(this.below(2) === 0
        ? { urls: { crl: `http://${this.domain()}/crl`, ocsp: `http://${this.domain()}/ocsp` } }
        : { urls: { caIssuers: `http://${this.domain()}/ca.crt` } }),
    };
  }

  revoked(): RevokedCertificate {
    return { serialNumber: this.serialNumber(), revokedAt: this.instant(), reason: this.oneOf(revocationReasons) };
  }
}

// What `@peculiar/asn1-*` makes of the same contents: its own structures, its own encoder.

const SIGNATURES: Readonly<Record<string, x509.AlgorithmIdentifier>> = {
  ec: new x509.AlgorithmIdentifier({ algorithm: OID.ecdsaWithSha256 }),
  rsa: new x509.AlgorithmIdentifier({ algorithm: OID.sha256WithRsa, parameters: null }),
};

const foreignName = (name: DistinguishedName): x509.Name =>
  new x509.Name(
    name.map(
      ({ type, value }) =>
        new x509.RelativeDistinguishedName([
          new x509.AttributeTypeAndValue({
            type: NAME_ATTRIBUTES[type].oid,
            value: new x509.AttributeValue({ utf8String: value }),
          }),
        ]),
    ),
  );

function foreignGeneralName({ kind, value }: GeneralName): x509.GeneralName {
  if (kind === 'dns') return new x509.GeneralName({ dNSName: value });
  if (kind === 'email') return new x509.GeneralName({ rfc822Name: value });
  if (kind === 'uri') return new x509.GeneralName({ uniformResourceIdentifier: value });
  return new x509.GeneralName({ iPAddress: value });
}

const foreignExtension = (extnID: string, critical: boolean, value: object): x509.Extension =>
  new x509.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });

const time = (instant: number): x509.Time => new x509.Time(new Date(instant));
const uri = (value: string): x509.GeneralName => new x509.GeneralName({ uniformResourceIdentifier: value });
const serial = (hex: string): ArrayBuffer => {
  const bytes = Buffer.from(hex, 'hex');
  return new Uint8Array(bytes[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes).buffer;
};

function foreignExtensions(content: CertificateContent): x509.Extension[] {
  const { profile, subjectAlternativeNames = [], urls = {}, publicKeyInfo, issuer } = content;
  const bits = profile.keyUsage.reduce((sum, usage) => sum | (1 << KEY_USAGES.indexOf(usage)), 0);
  const { ca, pathLength } = profile.basicConstraints;
  const constraints = { cA: ca, ...(pathLength === undefined ? {} : { pathLenConstraint: pathLength }) };
  const keyId = new x509.KeyIdentifier(issuer.keyIdentifier);
  const subtrees = (names: readonly GeneralName[]) =>
    names.length === 0
      ? undefined
      : new x509.GeneralSubtrees(names.map((name) => new x509.GeneralSubtree({ base: foreignGeneralName(name) })));
  const access = [
    ...(urls.ocsp === undefined ? [] : [[OID.ocspAccess, urls.ocsp] as const]),
    ...(urls.caIssuers === undefined ? [] : [[OID.caIssuersAccess, urls.caIssuers] as const]),
  ].map(([accessMethod, url]) => new x509.AccessDescription({ accessMethod, accessLocation: uri(url) }));
  return [
    foreignExtension(OID.basicConstraints, true, new x509.BasicConstraints(constraints)),
    foreignExtension(OID.keyUsage, true, new x509.KeyUsage(bits)),
    ...(profile.extendedKeyUsage.length === 0
      ? []
      : [
          foreignExtension(
            OID.extendedKeyUsage,
            false,
            new x509.ExtendedKeyUsage(profile.extendedKeyUsage.map((usage) => EXTENDED_KEY_USAGES[usage])),
          ),
        ]),
    foreignExtension(OID.subjectKeyIdentifier, false, new x509.SubjectKeyIdentifier(keyIdentifier(publicKeyInfo))),
    foreignExtension(OID.authorityKeyIdentifier, false, new x509.AuthorityKeyIdentifier({ keyIdentifier: keyId })),
    ...(subjectAlternativeNames.length === 0
      ? []
      : [
          foreignExtension(
            OID.subjectAlternativeName,
            false,
            new x509.SubjectAlternativeName(subjectAlternativeNames.map(foreignGeneralName)),
          ),
        ]),
    ...(profile.nameConstraints
      ? [
          foreignExtension(
            OID.nameConstraints,
            true,
            new x509.NameConstraints({
              ...optional('permittedSubtrees', subtrees(profile.nameConstraints.permitted)),
              ...optional('excludedSubtrees', subtrees(profile.nameConstraints.excluded)),
            }),
          ),
        ]
      : []),
    ...(urls.crl === undefined
      ? []
      : [
          foreignExtension(
            OID.crlDistributionPoints,
            false,
            new x509.CRLDistributionPoints([
              new x509.DistributionPoint({
                distributionPoint: new x509.DistributionPointName({ fullName: [uri(urls.crl)] }),
              }),
            ]),
          ),
        ]),
    ...(access.length === 0
      ? []
      : [foreignExtension(OID.authorityInformationAccess, false, new x509.AuthorityInfoAccessSyntax(access))]),
    ...(profile.ocspNoCheck
      ? [new x509.Extension({ extnID: OID.ocspNoCheck, critical: false, extnValue: new OctetString(Buffer.of(5, 0)) })]
      : []),
  ];
}

const optional = <Key extends string, Value>(key: Key, value: Value | undefined): { [Name in Key]?: Value } =>
  (value === undefined ? {} : { [key]: value }) as { [Name in Key]?: Value };

const foreignTbs = (content: CertificateContent, issuerName: x509.Name, signature: x509.AlgorithmIdentifier): Buffer =>
  Buffer.from(
    AsnConvert.serialize(
      new x509.TBSCertificate({
        version: x509.Version.v3,
        serialNumber: serial(content.serialNumber),
        signature,
        issuer: issuerName,
        validity: new x509.Validity({ notBefore: new Date(content.notBefore), notAfter: new Date(content.notAfter) }),
        subject: foreignName(content.subject),
        subjectPublicKeyInfo: AsnConvert.parse(content.publicKeyInfo, x509.SubjectPublicKeyInfo),
        extensions: new x509.Extensions(foreignExtensions(content)),
      }),
    ),
  );

let issuers: { readonly holder: Holder; readonly name: x509.Name; readonly signature: x509.AlgorithmIdentifier }[];
let subjectKeys: KeyObject[];
beforeAll(async () => {
  subjectKeys = [keys.p256(), keys.p384(), keys.ed25519(), keys.rsa()];
  issuers = await Promise.all(
    [keys.p256(), keys.rsa()].map(async (key) => {
      const holder = await makeRoot(START, key);
      const name = AsnConvert.parse(holder.certificate.subjectName, x509.Name);
      return { holder, name, signature: SIGNATURES[key.asymmetricKeyType!]! };
    }),
  );
});

describe(`a second implementation and ${SAMPLES} random samples`, { timeout: TIMEOUT }, () => {
  it('the product and @peculiar/asn1 agree on every byte of certificates', async () => {
    const samples = new Samples(1);
    for (let index = 0; index < SAMPLES; index += 1) {
      const { holder, name, signature } = samples.oneOf(issuers);
      const content = samples.content(holder, samples.oneOf(subjectKeys));
      const tbs = buildTbsCertificate(content);
      expect(tbs.toString('hex')).toBe(foreignTbs(content, name, signature).toString('hex'));
      const der = await signCertificate(tbs, holder.key);
      expect(Buffer.from(AsnConvert.serialize(AsnConvert.parse(der, x509.Certificate))).equals(der)).toBe(true);
      const read = parseCertificate(der);
      expect(read).toMatchObject({ ok: true, value: { serialNumber: content.serialNumber } });
      // What the lint says of a random certificate is not its subject; that it can read every one of them is.
      expect(lintCertificate(tbs, holder.certificate).map(({ code }) => code)).not.toContain('LINT_STRUCTURE');
    }
  });

  it('the product and @peculiar/asn1 agree on every byte of revocation lists', () => {
    const samples = new Samples(2);
    for (let index = 0; index < SAMPLES; index += 1) {
      const { holder, name, signature } = samples.oneOf(issuers);
      const issuer = issuerOf(holder.certificate, holder.key);
      const revoked = samples.some(20, () => samples.revoked());
      const [thisUpdate, number] = [samples.instant(), 1 + samples.below(2 ** 31)];
      const own = buildTbsCrl({ issuer, number, thisUpdate, nextUpdate: thisUpdate + DAY, revoked });
      const entries = revoked.map(({ serialNumber, revokedAt, reason }) => {
        const reasonCode = new x509.CRLReason(REVOCATION_REASONS[reason] as x509.CRLReasons);
        return new x509.RevokedCertificate({
          userCertificate: serial(serialNumber),
          revocationDate: time(revokedAt),
          ...(reason === 'unspecified'
            ? {}
            : { crlEntryExtensions: [foreignExtension(OID.reasonCode, false, reasonCode)] }),
        });
      });
      const list = new x509.TBSCertList({
        version: x509.Version.v2,
        signature,
        issuer: name,
        thisUpdate: time(thisUpdate),
        nextUpdate: time(thisUpdate + DAY),
        ...(entries.length === 0 ? {} : { revokedCertificates: entries }),
        crlExtensions: new x509.Extensions([
          foreignExtension(
            OID.authorityKeyIdentifier,
            false,
            new x509.AuthorityKeyIdentifier({ keyIdentifier: new x509.KeyIdentifier(issuer.keyIdentifier) }),
          ),
          foreignExtension(OID.crlNumber, false, new x509.CRLNumber(number)),
        ]),
      });
      expect(own.toString('hex')).toBe(Buffer.from(AsnConvert.serialize(list)).toString('hex'));
    }
  });

  it('the product and @peculiar/asn1 agree on what is in requests', () => {
    const samples = new Samples(3);
    for (let index = 0; index < SAMPLES; index += 1) {
      const [key, subject] = [subjectKeys[index % 2]!, samples.name()];
      const names = [samples.generalName(), ...samples.some(4, () => samples.generalName())];
      const alternatives = foreignExtension(
        OID.subjectAlternativeName,
        false,
        new x509.SubjectAlternativeName(names.map(foreignGeneralName)),
      );
      const extensions = AsnConvert.serialize(new x509.Extensions([alternatives]));
      const info = new csr.CertificationRequestInfo({
        subject: foreignName(subject),
        subjectPKInfo: AsnConvert.parse(spkiOf(key), x509.SubjectPublicKeyInfo),
        attributes: new csr.Attributes([new x509.Attribute({ type: OID.extensionRequest, values: [extensions] })]),
      });
      const signed = Buffer.from(AsnConvert.serialize(info));
      const request = new csr.CertificationRequest({
        certificationRequestInfo: info,
        signatureAlgorithm: SIGNATURES['ec']!,
        signature: new Uint8Array(sign('sha256', signed, key)).buffer,
      });
      const read = parseCertificateRequest(Buffer.from(AsnConvert.serialize(request)));
      if (!read.ok) throw new Error(read.detail);
      expect(read.value.subject.map(({ type, value }) => ({ type, value }))).toEqual(subject);
      expect(read.value.subjectAlternativeNames).toEqual(names);
      expect(provesPossession(read.value)).toBe(true);
    }
  });
});

/** node-forge knows RSA keys only, and derives in JavaScript: a tenth of the samples. */
const FORGE_SAMPLES = Math.ceil(SAMPLES / 10);
const binary = (bytes: Buffer): string => bytes.toString('latin1');

describe(`node-forge and ${FORGE_SAMPLES} random samples`, { timeout: TIMEOUT }, () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let root: Holder;
  beforeAll(async () => {
    root = await makeRoot(START, pair.privateKey);
  });

  it('node-forge reads bundles of key and certificates that the product wrote', async () => {
    const samples = new Samples(4);
    for (let index = 0; index < FORGE_SAMPLES; index += 1) {
      const { certificate } = root;
      const certificates = [certificate.der, ...samples.some(2, () => certificate.der)];
      const [friendlyName, passphrase] = [samples.text(), samples.label()];
      const contents = { pkcs8: privateKeyToBytes(pair.privateKey), friendlyName, certificates };
      const file = await writePkcs12(contents, passphrase, 1 + samples.below(50));
      const bundle = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(binary(file)), true, passphrase);
      const bags = bundle.safeContents.flatMap(({ safeBags }) => safeBags);
      const [key] = bags.filter(({ type }) => type === forge.pki.oids['pkcs8ShroudedKeyBag']);
      expect(key!.attributes['friendlyName'][0]).toBe(friendlyName);
      const found = forge.asn1.toDer(forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key!.key!))).getBytes();
      expect(Buffer.from(found, 'latin1')).toEqual(privateKeyToBytes(pair.privateKey));
      const held = bags.flatMap(({ cert }) =>
        cert ? [forge.asn1.toDer(forge.pki.certificateToAsn1(cert)).getBytes()] : [],
      );
      expect(held.map((der) => Buffer.from(der, 'latin1'))).toEqual(certificates);
    }
  });

  it('the product reads the keys of bundles that node-forge wrote', async () => {
    const samples = new Samples(5);
    const key = forge.pki.privateKeyFromPem(pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
    const certificate = forge.pki.certificateFromAsn1(forge.asn1.fromDer(binary(root.certificate.der)));
    for (let index = 0; index < FORGE_SAMPLES; index += 1) {
      const passphrase = samples.label();
      const algorithm = samples.oneOf(['3des', 'aes128', 'aes192', 'aes256'] as const);
      const file = forge.pkcs12.toPkcs12Asn1(key, [certificate], passphrase, {
        algorithm,
        count: 1 + samples.below(50),
      });
      const text = Buffer.from(forge.asn1.toDer(file).getBytes(), 'latin1').toString('base64');
      const { signingKey } = await readKey('pkcs12', text, { algorithm: 'RS256', passphrase });
      expect(createPublicKey(signingKey).equals(pair.publicKey)).toBe(true);
    }
  });

  it('node-forge reads collections of certificates (PKCS#7) that the product wrote', () => {
    const { der } = root.certificate;
    for (const count of [1, 2, 5]) {
      const file = pkcs7Certificates(Array.from({ length: count }, () => der));
      const { certificates } = forge.pkcs7.messageFromAsn1(forge.asn1.fromDer(binary(file))) as unknown as {
        certificates: forge.pki.Certificate[];
      };
      const read = certificates.map((certificate) =>
        forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes(),
      );
      expect(read).toEqual(Array.from({ length: count }, () => binary(der)));
    }
  });
});
