import { cryptoErrors } from '#crypto';

interface ForeignKey {
  readonly name: string;
  /** What the owner of such a file can do; absent where no conversion makes it a key for signing tokens. */
  readonly remedy?: string;
}

const OPENSSH: ForeignKey = {
  name: "OpenSSH's own format",
  remedy: 'convert a copy: ssh-keygen -p -m PKCS8 -f key',
};
const PUTTY: ForeignKey = {
  name: "PuTTY's format",
  remedy: 'convert it: puttygen key.ppk -O private-openssh -o key.pem',
};
const SSH2: ForeignKey = {
  name: "the format of SSH.com's client",
  remedy: 'convert it: ssh-keygen -i -f key > key.pem',
};
const OPENPGP: ForeignKey = { name: 'OpenPGP' };

/** The labels of private keys in PEM that are not read. */
const LABELS: ReadonlyMap<string, ForeignKey> = new Map([
  ['OPENSSH PRIVATE KEY', OPENSSH],
  ['DSA PRIVATE KEY', { name: 'DSA (FIPS 186-5 withdrew it)' }],
  ['DH PRIVATE KEY', { name: 'Diffie-Hellman, which signs nothing' }],
  ['X9.42 DH PRIVATE KEY', { name: 'Diffie-Hellman, which signs nothing' }],
  ['TSS2 PRIVATE KEY', { name: 'TPM 2.0, which opens on one machine only' }],
  ['TSS2 KEY BLOB', { name: 'TPM 2.0, which opens on one machine only' }],
  ['PGP PRIVATE KEY BLOCK', OPENPGP],
]);

/** The algorithms of PKCS#8 that are not read, by their identifiers. */
const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10040.4.1', 'DSA'],
  ['1.2.840.113549.1.1.7', 'RSAES-OAEP, which encrypts only'],
  ['1.2.840.113549.1.3.1', 'Diffie-Hellman, which signs nothing'],
  ['1.2.840.10046.2.1', 'Diffie-Hellman, which signs nothing'],
  ['1.3.101.110', 'X25519, which signs nothing'],
  ['1.3.101.111', 'X448, which signs nothing'],
  ['1.3.101.113', 'Ed448'],
  ['1.3.132.1.12', 'ECDH, which signs nothing'],
  ['1.3.132.1.13', 'ECMQV, which signs nothing'],
  ['1.2.643.2.2.19', 'GOST R 34.10-2001'],
  ['1.2.643.7.1.1.1.1', 'GOST R 34.10-2012'],
  ['1.2.643.7.1.1.1.2', 'GOST R 34.10-2012'],
  ['2.16.840.1.101.3.4.4.1', 'ML-KEM-512, which signs nothing'],
  ['2.16.840.1.101.3.4.4.2', 'ML-KEM-768, which signs nothing'],
  ['2.16.840.1.101.3.4.4.3', 'ML-KEM-1024, which signs nothing'],
]);
const SLH_DSA = /^2\.16\.840\.1\.101\.3\.4\.3\.(2\d|3[0-5])$/;

/** How the text of a file begins that is neither PEM nor anything else that is read. */
const BEGINNINGS: readonly (readonly [RegExp, ForeignKey])[] = [
  [/^PuTTY-User-Key-File-/, PUTTY],
  [/^---- BEGIN SSH2 /, SSH2],
  [/^SSH PRIVATE KEY FILE FORMAT/, { name: "SSH's first format, which is withdrawn" }],
  [/^(ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]+ /, { name: 'a public key of OpenSSH: the private half is needed' }],
];

const describe = ({ name, remedy }: ForeignKey): string =>
  `The key is of a type or in a format that is not supported: ${name}${remedy === undefined ? '' : `; ${remedy}`}`;

/** The refusal of a private key in PEM that is not read, by its label. */
export function foreignLabel(label: string): Error {
  const key = LABELS.get(label);
  return cryptoErrors.INVALID_KEY(key ? describe(key) : `The text holds a private key of an unknown kind: ${label}`);
}

/** The refusal of a private key in PKCS#8 that is not read, by the identifier of its algorithm. */
export function foreignAlgorithm(identifier: string): Error {
  const name = ALGORITHMS.get(identifier) ?? (SLH_DSA.test(identifier) ? 'SLH-DSA' : identifier);
  return cryptoErrors.INVALID_KEY(`The key is of a type that is not supported: ${name}`);
}

/**
 * The refusal of a text without a private key in PEM.
 * @param labels of the blocks that it has
 */
export function noPrivateKey(text: string, labels: readonly string[]): Error {
  const [, foreign] = BEGINNINGS.find(([pattern]) => pattern.test(text)) ?? [];
  if (foreign) return cryptoErrors.INVALID_KEY(describe(foreign));
  const [label] = labels;
  return cryptoErrors.INVALID_KEY(
    label === undefined
      ? 'The text does not hold exactly one private key: there is no PEM block in it'
      : `The text does not hold a private key, only ${[...new Set(labels)].slice(0, 5).join(', ')}`,
  );
}
