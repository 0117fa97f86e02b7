import { Injectable } from '@nestjs/common';

import { platformScope, systemOrigin } from '#core';
import { Database, IsNull, LessThan, LessThanOrEqual } from '#database';
import { DueItems, DueKind, Expires } from '#scheduler';

import { ForeignCertificate } from './entities.js';
import { foreignCertificateEvents } from './events.js';
import { ANNOUNCED_BEFORE_END } from './foreign-certificates.service.js';

const EXPIRY = systemOrigin('foreign-certificate-expiry');
const ANNOUNCEMENT = systemOrigin('foreign-certificate-announcement');

/** Says ahead that a certificate ends whose successor only its issuer can make. */
@Expires({})
@Injectable()
export class ForeignCertificateAnnouncement extends DueKind<ForeignCertificate> {
  constructor(database: Database) {
    super(
      new DueItems(database, {
        kind: 'foreign certificate announcement',
        scope: platformScope(ANNOUNCEMENT),
        entity: ForeignCertificate,
        lists: [
          {
            where: (now) => ({ announcedAt: IsNull(), notAfter: LessThanOrEqual(now + ANNOUNCED_BEFORE_END) }),
            dueColumn: 'notAfter',
          },
        ],
        handle: ({ id, kid, keyId, tenantId, notAfter }) =>
          database.transaction({ ...ANNOUNCEMENT, tenantId }, async (tx) => {
            tx.housekeeping('another instance has announced it');
            const set = { announcedAt: tx.now, updatedAt: tx.now };
            const changed = await tx.update(ForeignCertificate, { id, announcedAt: IsNull() }, set);
            // What has ended meanwhile is recorded as expired, and does not expire soon.
            if (changed === 1 && tx.now <= notAfter) {
              tx.record(foreignCertificateEvents.expiring(id, { kid, details: { keyId, notAfter } }));
            }
          }),
      }),
    );
  }
}

/** Writes down that certificates of others have expired; wherever one is used, the clock decides. */
@Expires({})
@Injectable()
export class ForeignCertificateExpiry extends DueKind<ForeignCertificate> {
  constructor(database: Database) {
    super(
      new DueItems(database, {
        kind: 'foreign certificate',
        scope: platformScope(EXPIRY),
        entity: ForeignCertificate,
        contactsOf: ({ keyId }) => [keyId],
        lists: [
          {
            where: (now) => ({ expiredAt: IsNull(), notAfter: LessThan(now) }),
            happens: 'expires',
            dueColumn: 'notAfter',
          },
        ],
        handle: ({ id, kid, keyId, tenantId, notAfter }) =>
          database.transaction({ ...EXPIRY, tenantId }, async (tx) => {
            tx.housekeeping('another instance has recorded it');
            const set = { expiredAt: tx.now, updatedAt: tx.now };
            const changed = await tx.update(ForeignCertificate, { id, expiredAt: IsNull() }, set);
            if (changed === 1) tx.record(foreignCertificateEvents.expired(id, { kid, details: { keyId, notAfter } }));
          }),
      }),
    );
  }
}
