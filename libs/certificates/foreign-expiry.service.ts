import { Injectable } from '@nestjs/common';

import { platformScope, systemOrigin } from '#core';
import { Database, IsNull, LessThan } from '#database';
import { DueItems, DueKind, Expires } from '#scheduler';

import { ForeignCertificate } from './entities.js';
import { foreignCertificateEvents } from './events.js';

const EXPIRY = systemOrigin('foreign-certificate-expiry');

/** Records the expiry of certificates from other issuers. Their use depends on the clock, not on this record. */
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
