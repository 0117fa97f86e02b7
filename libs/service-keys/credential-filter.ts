import type { KeyObject } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { BatchedLookup, isUuid, platformScope, systemOrigin } from '#core';
import { type CompactJws, isWellFormedServiceKey, parseCompactJws } from '#crypto';
import { Database, In } from '#database';
import { tenantState } from '#tenants';

import { BEARER, type CallerFacts } from './caller-facts.js';
import { isSignedWith, jwtCredentialsOf, knownIssuers, signingKeyOf } from './credential-lookup.js';
import { CredentialSecrets } from './credential-secrets.js';
import { DirectWorkloads, foreignTokenOf } from './direct-workloads.service.js';
import { Credential, WorkloadCredential } from './entities.js';
import { workloadSecrets } from './token-exchange.service.js';

const SCOPE = platformScope(systemOrigin('credential-filter'));

/**
 * Tells guesses from credentials that may be genuine, at a bounded cost: for sources of which too many credentials were
 * rejected already. It decides nothing: what may be genuine is authenticated as every credential is.
 */
@Injectable()
export class CredentialFilter {
  readonly #serviceKeys: BatchedLookup<true>;
  readonly #workloads: BatchedLookup<true>;
  readonly #issuers: BatchedLookup<readonly KeyObject[]>;

  constructor(
    private readonly database: Database,
    private readonly secrets: CredentialSecrets,
    private readonly directWorkloads: DirectWorkloads,
  ) {
    this.#serviceKeys = new BatchedLookup((hashes) => this.existing(hashes));
    this.#workloads = new BatchedLookup((hashes) => this.exchanged(hashes));
    this.#issuers = new BatchedLookup((issuers) => this.keysOf(issuers));
  }

  /** @returns `false` for a guess; `true` is no proof */
  async mayBeGenuine({ authorization, serviceKey = '', serviceId }: CallerFacts): Promise<boolean> {
    const token = BEARER.exec(authorization ?? '')?.groups?.['token'] ?? '';
    for (const secret of [token, authorization === undefined ? serviceKey : '']) {
      if (!workloadSecrets.isWellFormed(secret)) continue;
      return (await this.#workloads.find(this.secrets.lookupHash(secret))) === true;
    }
    if (authorization === undefined) {
      if (!isWellFormedServiceKey(serviceKey)) return false;
      return (await this.#serviceKeys.find(this.secrets.lookupHash(serviceKey))) === true;
    }
    const foreign = foreignTokenOf(token, serviceId);
    if (foreign) return (await this.#workloads.find(this.directWorkloads.hashOf(foreign))) === true;
    const parsed = parseCompactJws(token);
    return parsed.ok && this.isSigned(parsed.value);
  }

  private async isSigned(jws: CompactJws): Promise<boolean> {
    const { header, claims } = jws;
    const { iss } = claims;
    if (header.alg !== 'HS256' || typeof iss !== 'string' || !(isUuid(iss) || isWellFormedServiceKey(iss)))
      return false;
    for (const key of (await this.#issuers.find(iss)) ?? []) {
      if (await isSignedWith(key, jws)) return true;
    }
    return false;
  }

  private async existing(hashes: readonly string[]): Promise<ReadonlyMap<string, true>> {
    const found = await this.database.readPlatform(SCOPE, (view) =>
      view.find(Credential, { lookupHash: In([...hashes]), authType: 'service_key' }),
    );
    return new Map(found.flatMap(({ lookupHash }) => (lookupHash === null ? [] : [[lookupHash, true] as const])));
  }

  private async exchanged(hashes: readonly string[]): Promise<ReadonlyMap<string, true>> {
    const found = await this.database.readPlatform(SCOPE, (view) =>
      view.find(WorkloadCredential, { lookupHash: In([...hashes]) }),
    );
    return new Map(found.map(({ lookupHash }) => [lookupHash, true] as const));
  }

  private async keysOf(issuers: readonly string[]): Promise<ReadonlyMap<string, readonly KeyObject[]>> {
    return this.database.readPlatform(SCOPE, async (view) => {
      const found = new Map<string, readonly KeyObject[]>();
      for (const issuer of await knownIssuers(this.secrets, view, issuers)) {
        const credentials = await jwtCredentialsOf(this.secrets, view, issuer);
        const tenantId = credentials[0]?.tenantId;
        // The data key of a deleted tenant is gone: its secrets cannot be opened any more.
        if (tenantId === undefined || (await tenantState(view, tenantId)) === 'deleted') continue;
        const keys: KeyObject[] = [];
        for (const credential of credentials) keys.push(await signingKeyOf(this.secrets, view, credential));
        found.set(issuer, keys);
      }
      return found;
    });
  }
}
