import type { ParsedCertificate } from '../x509/certificate.js';
import { DerError, type DerNode, OID } from '#asn1';
import { type BasicConstraints, type ReadExtension, readExtension } from '../x509/extensions.js';
import type { ReadAttribute } from '../x509/names.js';

/** A TBSCertificate, parsed and not checked: fields are nodes, so that a rule sees how they were encoded. */
export interface LintFacts {
  readonly version: DerNode | undefined;
  readonly serialNumber: DerNode;
  readonly signature: DerNode;
  readonly issuer: DerNode;
  readonly notBefore: DerNode;
  readonly notAfter: DerNode;
  readonly subject: DerNode;
  readonly publicKeyInfo: DerNode;
  readonly uniqueIdentifiers: readonly DerNode[];
  readonly extensions: readonly ReadExtension[];
  /** Of the subject. The issuer's name was chosen elsewhere and is repeated byte for byte, whatever it looks like. */
  readonly attributes: readonly ReadAttribute[];
  /** Who will sign; absent where the certificate signs itself. */
  readonly authority: ParsedCertificate | undefined;
}

/** One rule of a standard about the bytes of a certificate. */
export interface LintRule {
  readonly code: string;
  readonly title: string;
  readonly citation: string;
  /** A `DerError` counts as a breach: what cannot be read is not right. */
  readonly isBroken: (facts: LintFacts) => boolean;
}

export const lintRule = (code: string, citation: string, title: string, isBroken: LintRule['isBroken']): LintRule => ({
  code,
  title,
  citation,
  isBroken,
});

export const find = ({ extensions }: LintFacts, oid: string): ReadExtension | undefined =>
  extensions.find((extension) => extension.oid === oid);

/** A rule about an extension, where the certificate has it. */
export const extensionLintRule = (
  oid: string,
  code: string,
  citation: string,
  title: string,
  isBroken: (extension: ReadExtension, facts: LintFacts) => boolean,
): LintRule =>
  lintRule(code, citation, title, (facts) => {
    const extension = find(facts, oid);
    return extension !== undefined && isBroken(extension, facts);
  });

export const basicConstraintsOf = (facts: LintFacts): BasicConstraints => {
  const extension = find(facts, OID.basicConstraints);
  return extension ? readExtension.basicConstraints(extension.value) : { ca: false };
};

/** What a rule says about a certificate that another rule finds unreadable: nothing. */
export function unlessUnreadable(isBroken: LintRule['isBroken']): LintRule['isBroken'] {
  return (facts) => {
    try {
      return isBroken(facts);
    } catch (error) {
      if (error instanceof DerError) return false;
      throw error;
    }
  };
}
