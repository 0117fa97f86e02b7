import type { KeyObject } from 'node:crypto';

import type { DerFields, DerNode } from '#asn1';

/** A JSON Web Key (RFC 7517) as received: its members are not checked. */
export type Jwk = Readonly<Record<string, unknown>>;

/** Encoding of a shared secret in its file. */
export type SecretEncoding = 'text' | 'base64';

/** A private key or shared secret as a file states it: nothing about it is proven. */
export interface UncheckedKey {
  /** The name of its kind. */
  readonly kind: string;
  /** The only algorithms that the file permits for the key; absent where it permits every one of its kind. */
  readonly algorithms?: readonly string[];
  /** RSA only. */
  readonly modulusBits?: number;
  /** Shared secrets only. */
  readonly secretEncoding?: SecretEncoding;
  /**
   * The key, once everything that the file says about it is proven.
   * @throws INVALID_KEY, WEAK_KEY, INCONSISTENT_KEY
   */
  check(): Promise<KeyObject> | KeyObject;
}

/** `PrivateKeyInfo` or `OneAsymmetricKey` (RFC 5958 §2), taken apart. */
export interface Pkcs8Fields {
  /** The whole. */
  readonly node: DerNode;
  /** Of the algorithm. */
  readonly identifier: string;
  /** What follows it. */
  readonly parameters: DerFields;
  /** The content of `privateKey`. */
  readonly privateKey: Buffer;
  /** The content of `publicKey`, where it is stated. */
  readonly publicKey: Buffer | undefined;
}

/** `SubjectPublicKeyInfo` (RFC 5280 §4.1), taken apart. */
export interface PublicKeyFields {
  /** Of the algorithm. */
  readonly identifier: string;
  /** What follows it. */
  readonly parameters: DerFields;
  readonly bits: Buffer;
}

/** One way in which the public half of a key is unfit for use; a row of the policy for requests, too. */
export interface PublicKeyRule {
  readonly code: string;
  readonly title: string;
  /** The standard or advisory that says so. */
  readonly citation: string;
}

export interface PublicKeyObjection {
  /** Of the rule. */
  readonly code: string;
  readonly detail: string;
}

/** What a SubjectPublicKeyInfo holds. */
export interface PublicKeyFacts {
  /** The name of its kind; `unsupported` for a key that no certificate may have. */
  readonly kind: string;
  /** `RSA-2048`, `P-256`, `Ed25519`; of an unsupported key, what it is. */
  readonly name: string;
  /** Why the key is unfit, one objection for each rule of its kind that it breaks. Bounded work. */
  readonly objections: () => readonly PublicKeyObjection[];
  /** RFC 5480 §3, RFC 8410 §5: whether the key usage of its certificate may say that it encrypts. */
  readonly encrypts: boolean;
  /** The JWK members by which `node:crypto` imports it; `undefined` where verifying with it would cost too much. */
  readonly jwk: () => Jwk | undefined;
}

/** An AlgorithmIdentifier under a certificate, a request, a CRL or an OCSP response. */
export interface CertificateSignature {
  readonly name: string;
  readonly oid: string;
  /** As `node:crypto` calls the hash; `null` for algorithms that bring their own. */
  readonly digest: 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512' | null;
  /** RFC 3279 §2.2.1: RSA has NULL parameters; RFC 5758 §3.2 and RFC 8410 §3: the others have none. */
  readonly parameters: 'null' | 'absent';
  /** The algorithm of the table by which a key store makes this signature; present where an authority signs with it. */
  readonly algorithm?: string;
}

/** How a key of an authority is generated: an algorithm of the table, and the size for RSA. */
export interface AuthorityKeyRow {
  readonly algorithm: string;
  readonly modulusBits?: 2048 | 3072 | 4096;
}

/** Everything that the product knows about one kind of key: its forms, its checks, and who may use it. */
export interface KeyKind {
  /** `kty` of a JWK (RFC 7517 §4.1). */
  readonly kty: string;
  /** The members that identify a key, in lexical order (RFC 7638 §3.2). */
  readonly thumbprintMembers: readonly string[];
  /** The members that only a private or secret JWK has (RFC 7518 §6). */
  readonly privateMembers: readonly string[];
  readonly symmetric: boolean;
  /** What `node:crypto` calls keys of this kind. */
  readonly keyTypes: readonly string[];
  /** The hash with which `node:crypto` signs a probe; `null` where the algorithm brings its own. */
  readonly probeDigest: 'sha256' | null;
  /** Reads a private or secret JWK. @throws INVALID_KEY */
  readJwk(jwk: Jwk): UncheckedKey;
  /** PKCS#8; absent for shared secrets. */
  readonly pkcs8?: {
    /** Of the algorithm (RFC 5958 §2). */
    readonly identifiers: readonly string[];
    /** @throws INVALID_KEY; DerError */
    read(fields: Pkcs8Fields): UncheckedKey;
  };
  /** The form of its own that PEM had before PKCS#8. */
  readonly traditional?: {
    readonly pemLabel: string;
    /** @throws INVALID_KEY; DerError */
    read(node: DerNode): UncheckedKey;
  };
  /** SubjectPublicKeyInfo; absent where no certificate may have such a key. */
  readonly publicKey?: {
    /** What such keys of certificates are called where those that are accepted are listed. */
    readonly names: readonly string[];
    readonly identifiers: readonly string[];
    /** @throws DerError */
    read(fields: PublicKeyFields): PublicKeyFacts;
  };
  readonly publicKeyRules: readonly PublicKeyRule[];
  /** Why a public key is unfit for accepting signatures of others, by its JWK members. */
  objectionsTo(publicJwk: Jwk): readonly PublicKeyObjection[];
  /** The signatures of certificates with keys of this kind, those that are read but not acceptable included. */
  readonly certificateSignatures: readonly CertificateSignature[];
  /** The identifier of the signature that a key of ours makes under certificates. */
  certificateSignatureOf(key: KeyObject): string | undefined;
  /** The keys that an authority may have, by the name that the API gives them. */
  readonly authorityKeys: Readonly<Record<string, AuthorityKeyRow>>;
  /** The algorithms by which the holder of a certificate signs tokens. */
  readonly holderAlgorithms: readonly string[];
  /** Whether an issuer of ID tokens may sign with such a key (OpenID Connect Core 1.0 §3.1.3.7: with its own key). */
  readonly ofTrustedIssuers: boolean;
}
