import { Injectable } from '@nestjs/common';

import type { SigningHalf } from '#crypto';
import { Database, type Kept, type Known, bothOf, spanAround } from '#database';
import type { NameConstraints, ParsedCertificate } from '#pki';

import { allowedDnsNames } from './allowed-dns-names.js';
import { CertificateAuthorities } from './authorities.service.js';
import { nameConstraintsOf } from './authority-import.js';
import { AuthorityKeys } from './authority-keys.service.js';
import type { CertificateAuthority } from './entities.js';
import { readStored } from './stored-certificate.js';

/** An authority that issues now, and what its certificates are made by. */
interface IssuingAuthority {
  /** The authority, and those above it. */
  readonly authorities: readonly [CertificateAuthority, ...CertificateAuthority[]];
  /** Its own certificate. */
  readonly certificate: ParsedCertificate;
  readonly key: SigningHalf;
  /** PEM of the issuers, nearest first. */
  readonly chain: string;
  /** Those of all certificates above what it issues. */
  readonly nameConstraints: readonly NameConstraints[];
}

export interface Issuer extends IssuingAuthority {
  /** The DNS names that the tenant lets it certify, see `allowedDnsNames`. */
  readonly allowedDnsNames: readonly string[];
}

/** What names an issuer of a tenant. */
export interface IssuerRequest {
  /** The tenant's default authority where none is named. */
  readonly caId: string | undefined;
  /** The service that the certificate belongs to. */
  readonly serviceId: string | null;
}

const AUTHORITIES_MAX = 5_000;
const SERVICES_MAX = 50_000;

/**
 * Authorities and their opened keys in memory, so that a certificate costs no query for them. What is certified by them goes through
 * `Database.commit`, which finds out where another process has revoked one, or changed the names of the tenant.
 */
@Injectable()
export class IssuerDirectory {
  readonly #authorities: Kept<IssuingAuthority>;
  readonly #names: Kept<readonly string[]>;

  constructor(
    database: Database,
    private readonly authorities: CertificateAuthorities,
    private readonly keys: AuthorityKeys,
  ) {
    this.#authorities = database.keep('certificate authorities', AUTHORITIES_MAX);
    this.#names = database.keep('certified names', SERVICES_MAX);
  }

  /** @throws NOT_FOUND (authority, service), NO_CERTIFICATE_AUTHORITY, CA_NOT_USABLE */
  async issuer(tenantId: string, { caId, serviceId }: IssuerRequest): Promise<Known<Issuer>> {
    const authority = await this.#authorities.get(tenantId, caId ?? 'default', async (view) => {
      const own = await this.authorities.issuing(view, caId);
      const authorities = [own, ...(await this.authorities.ancestorsOf(view, own))] as const;
      const value: IssuingAuthority = {
        authorities,
        certificate: readStored(own),
        key: await this.keys.authorityKey(view, own),
        chain: await this.authorities.chainFrom(view, own),
        nameConstraints: nameConstraintsOf(authorities),
      };
      // Valid to the end of that instant.
      return { value, ...spanAround(view.now, [own.notAfter + 1]) };
    });
    const names = await this.#names.get(tenantId, serviceId ?? 'tenant', async (view) => ({
      value: await allowedDnsNames(view, serviceId),
      ...spanAround(view.now, []),
    }));
    return { value: { ...authority.value, allowedDnsNames: names.value }, basis: bothOf(authority.basis, names.basis) };
  }
}
