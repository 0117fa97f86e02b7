import { Injectable } from '@nestjs/common';

import { type Expirable, MINUTE, platformScope, systemOrigin } from '#core';
import { Database, In, LessThan } from '#database';

import { Crls } from './crls.service.js';
import { Certificate, CertificateAuthority } from './entities.js';
import { authorityEvents, certificateEvents } from './events.js';
import { authorityLifecycle, certificateLifecycle } from './lifecycle.js';
import { abandon } from './status-change.js';

/** Longer than any request lasts: a certificate that is still being issued then never will be. */
const ISSUED_WITHIN = 5 * MINUTE;
const LIVE = ['active', 'held'] as const;

/** Writes down that certificates have expired; wherever one is used, the clock decides. */
@Injectable()
export class CertificateExpiry implements Expirable {
  readonly kind = 'certificate';

  constructor(private readonly database: Database) {}

  async recordDue(limit: number): Promise<number> {
    return this.database.platform(platformScope(systemOrigin('certificate-expiry')), async (tx) => {
      tx.housekeeping('nothing has expired');
      const where = { state: In([...LIVE]), notAfter: LessThan(tx.now) };
      const due = await tx.find(Certificate, where, { order: { notAfter: 'ASC' }, limit });
      for (const { id, kid, tenantId, notAfter } of due) {
        const set = { state: certificateLifecycle.event.expire.to, updatedAt: tx.now };
        const changed = await tx.update(Certificate, { id, state: In([...LIVE]) }, set);
        if (changed === 1) tx.record(certificateEvents.expired(id, { kid, tenantId, details: { notAfter } }));
      }
      return due.length;
    });
  }
}

/** The same for certificate authorities. */
@Injectable()
export class AuthorityExpiry implements Expirable {
  readonly kind = 'certificate authority';

  constructor(private readonly database: Database) {}

  async recordDue(limit: number): Promise<number> {
    return this.database.platform(platformScope(systemOrigin('authority-expiry')), async (tx) => {
      tx.housekeeping('nothing has expired');
      const where = { state: 'active' as const, notAfter: LessThan(tx.now) };
      const due = await tx.find(CertificateAuthority, where, { order: { notAfter: 'ASC' }, limit });
      for (const { id, tenantId, notAfter } of due) {
        const set = { state: authorityLifecycle.event.expire.to, updatedAt: tx.now };
        const changed = await tx.update(CertificateAuthority, { id, state: 'active' }, set);
        if (changed === 1) tx.record(authorityEvents.expired(id, { tenantId, details: { notAfter } }));
      }
      return due.length;
    });
  }
}

/** Revokes what was put on record and never finished: a process ended between the intent and the certificate. */
@Injectable()
export class OrphanSweep implements Expirable {
  readonly kind = 'unfinished certificate';

  constructor(
    private readonly database: Database,
    private readonly crls: Crls,
  ) {}

  async recordDue(limit: number): Promise<number> {
    const system = systemOrigin('orphan-sweep');
    const orphans = await this.database.readPlatform(platformScope(system), (view) =>
      view.find(
        Certificate,
        { state: 'issuing', createdAt: LessThan(view.now - ISSUED_WITHIN) },
        { order: { createdAt: 'ASC' }, limit },
      ),
    );
    for (const { id, tenantId } of orphans) {
      await this.database.transaction({ ...system, tenantId }, (tx) => abandon(tx, this.crls, id));
    }
    return orphans.length;
  }
}
