import { Injectable } from '@nestjs/common';

import { MINUTE, platformScope, systemOrigin } from '#core';
import { Between, Database, IsNull } from '#database';
import { type MetricSource, Measures, defineMetrics, gauge } from '#metrics';
import { countByExpiry } from '#scheduler';

import { Certificate, CertificateAuthority, ForeignCertificate } from './entities.js';

const SYSTEM = platformScope(systemOrigin('certificate-metrics'));

const metrics = defineMetrics({
  chancery_certificates_expiring: gauge(
    'Active certificates without a successor that expire within a period, for all tenants',
    'within',
  ),
  chancery_certificate_authorities_expiring: gauge(
    'Active certificate authorities that expire within a period, for all tenants',
    'within',
  ),
  chancery_foreign_certificates_expiring: gauge(
    'Certificates from external issuers that expire within a period, for all tenants',
    'within',
  ),
});

/** Which certificates end soon; every process reads the same. */
@Measures({ metrics, everyMilliseconds: MINUTE })
@Injectable()
export class CertificateMetrics implements MetricSource<typeof metrics> {
  constructor(private readonly database: Database) {}

  measure() {
    return this.database.readPlatform(SYSTEM, async (view) => {
      const { now } = view;
      const active = { state: 'active' as const };
      return {
        chancery_certificates_expiring: await countByExpiry(now, (before) =>
          view.count(Certificate, { ...active, notAfter: Between(now, before), replacedBy: IsNull() }),
        ),
        chancery_certificate_authorities_expiring: await countByExpiry(now, (before) =>
          view.count(CertificateAuthority, { ...active, notAfter: Between(now, before) }),
        ),
        chancery_foreign_certificates_expiring: await countByExpiry(now, (before) =>
          view.count(ForeignCertificate, { expiredAt: IsNull(), notAfter: Between(now, before) }),
        ),
      };
    });
  }
}
