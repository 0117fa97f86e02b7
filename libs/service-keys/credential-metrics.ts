import { Injectable } from '@nestjs/common';

import { MINUTE, platformScope, systemOrigin } from '#core';
import { Between, Database, IsNull } from '#database';
import { type MetricSource, Measures, counter, defineMetrics, gauge } from '#metrics';
import { countByExpiry } from '#scheduler';

import { Authenticator } from './authenticator.js';
import { Credential } from './entities.js';

const SYSTEM = platformScope(systemOrigin('credential-metrics'));

const metrics = defineMetrics({
  chancery_authentications_total: counter(
    'Presented credentials of services, by outcome: accepted, or the error code',
    'outcome',
  ),
});

/** Who called, and with what outcome. */
@Measures({ metrics })
@Injectable()
export class AuthenticationMetrics implements MetricSource<typeof metrics> {
  constructor(private readonly authenticator: Authenticator) {}

  measure() {
    return { chancery_authentications_total: this.authenticator.outcomes };
  }
}

const expiring = defineMetrics({
  chancery_credentials_expiring: gauge(
    'Active credentials without a successor that expire within a period, for all tenants',
    'within',
  ),
});

/** Which credentials end soon; every process reads the same. */
@Measures({ metrics: expiring, everyMilliseconds: MINUTE })
@Injectable()
export class CredentialExpiryMetrics implements MetricSource<typeof expiring> {
  constructor(private readonly database: Database) {}

  measure() {
    return this.database.readPlatform(SYSTEM, async (view) => ({
      chancery_credentials_expiring: await countByExpiry(view.now, (before) =>
        view.count(Credential, { state: 'active', expiresAt: Between(view.now, before), replacedBy: IsNull() }),
      ),
    }));
  }
}
