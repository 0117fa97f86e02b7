import { Injectable } from '@nestjs/common';

import type { TenantScope } from '#core';
import { Database } from '#database';
import { OwnTokens } from '#service-keys';

import { diagnose } from './diagnosis.js';
import { tokenEvents } from './events.js';
import { webexConnect } from './formats/webex-connect.js';
import { RateWindows } from './rate-windows.js';
import { DIAGNOSES_PER_MINUTE, type Diagnosis } from './signing.service.js';
import type { Finding, ProfileFacts, Verdict, VerifyContext } from './token-format.js';

/** The JWT of a service has the format of Webex Connect. Its maximum lifetime has no tolerance, its start has. */
const RULES: ProfileFacts = {
  name: 'own-token',
  issuer: '',
  statedIssuer: null,
  audience: [],
  ttlSeconds: 3_600,
  maxTtlSeconds: 3_600,
  skewSeconds: 60,
  fixedClaims: {},
  allowedClaims: [],
  requiredClaims: [],
  formatVersion: null,
  settings: {},
};

/** Diagnoses the JWT that a service signs to authenticate itself. */
@Injectable()
export class OwnTokenDiagnosis {
  constructor(
    private readonly database: Database,
    private readonly ownTokens: OwnTokens,
    private readonly rates: RateWindows,
  ) {}

  /** @throws RATE_LIMITED */
  async diagnose(scope: TenantScope, token: string): Promise<Diagnosis> {
    const { id: serviceId } = scope.actor;
    return this.database.transaction(scope, async (tx) => {
      await this.rates.admit(tx, [{ policy: 'diagnose', subject: serviceId, limit: DIAGNOSES_PER_MINUTE }]);
      const { code, isIssuer, keys } = await this.ownTokens.check(tx, serviceId, token);
      const context: VerifyContext = {
        profile: RULES,
        algorithm: 'HS256',
        keys: keys.map(({ credentialId: kid, key }) => ({ kid, algorithm: 'HS256', verifyingKey: key })),
        whyUnusable: async () => 'UNKNOWN_KID',
        endedKeys: async () => [],
        caller: { serviceId },
        body: undefined,
        now: tx.now,
      };
      const verdict: Verdict = { code };
      const findings = [
        ...(isIssuer ? [] : [wrongIssuer(serviceId)]),
        ...(await diagnose(webexConnect, token, context, { verdict, usedAt: undefined })),
      ];
      const details = { profile: null, code, causes: findings.map(({ cause }) => cause) };
      tx.record(tokenEvents.diagnosed(serviceId, { details }));
      return { verdict, findings };
    });
  }
}

const wrongIssuer = (serviceId: string): Finding => ({
  cause: 'WRONG_ISSUER',
  detail: `\`iss\` must be ${serviceId}, the id of the service, or one of its service keys`,
  facts: { expected: serviceId },
});
