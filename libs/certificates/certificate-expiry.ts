import { Injectable } from '@nestjs/common';

import { type EpochMilliseconds, MINUTE, type Origin, platformScope, systemOrigin } from '#core';
import { Database, In, LessThan, type Tx, type Where } from '#database';
import { DueItems, DueKind, Expires } from '#scheduler';

import { releaseUnusedKey } from './authority-status.js';
import { Crls } from './crls.service.js';
import { Certificate, CertificateAuthority } from './entities.js';
import { authorityLifecycle, certificateLifecycle } from './lifecycle.js';
import { abandon } from './status-change.js';

/** Longer than any request lasts: a certificate that is still being issued then never will be. */
const ISSUED_WITHIN = 5 * MINUTE;
const UNFINISHED = systemOrigin('unfinished-issuance');

/** What the two kinds have in common that expire: the scheduler records it; wherever one is used, the clock decides. */
const expiryOf = <Row extends Certificate | CertificateAuthority>(
  database: Database,
  work: {
    readonly kind: string;
    readonly origin: Origin;
    readonly entity: new () => Row;
    readonly where: (now: EpochMilliseconds) => Where<Row>;
    readonly contactsOf: (row: Row) => readonly (string | null)[];
    /** What follows from its end. */
    readonly ended?: (tx: Tx, row: Row) => Promise<void>;
  },
): DueItems<Row> => {
  const { kind, origin, entity, where, contactsOf, ended } = work;
  return new DueItems<Row>(database, {
    kind,
    scope: platformScope(origin),
    entity,
    contactsOf,
    lists: [{ where, happens: 'expires', dueColumn: 'notAfter' }],
    handle: ({ id, tenantId }) =>
      database.transaction({ ...origin, tenantId }, async (tx) => {
        tx.housekeeping('another instance has recorded it');
        const row = await tx.applyDue(entity, await tx.lock(entity, { id } as Where<Row>));
        if (row.state === 'expired') await ended?.(tx, row);
      }),
  });
};

/** Records that certificates have expired. */
@Expires({ before: [Crls] })
@Injectable()
export class CertificateExpiry extends DueKind<Certificate> {
  constructor(database: Database) {
    super(
      expiryOf(database, {
        kind: 'certificate',
        origin: systemOrigin('certificate-expiry'),
        entity: Certificate,
        contactsOf: ({ id, serviceId }) => [id, serviceId],
        where: (now) => ({ state: In([...certificateLifecycle.event.expire.from]), notAfter: LessThan(now) }),
      }),
    );
  }
}

/** Records that certificate authorities have expired. */
@Expires({ before: [Crls] })
@Injectable()
export class AuthorityExpiry extends DueKind<CertificateAuthority> {
  constructor(database: Database) {
    super(
      expiryOf(database, {
        kind: 'certificate authority',
        origin: systemOrigin('authority-expiry'),
        entity: CertificateAuthority,
        contactsOf: ({ id }) => [id],
        where: (now) => ({ state: In([...authorityLifecycle.event.expire.from]), notAfter: LessThan(now) }),
        ended: releaseUnusedKey,
      }),
    );
  }
}

/** Revokes certificates whose issuance began and never ended: a process stopped between the intent and the certificate. */
@Expires({ before: [Crls] })
@Injectable()
export class UnfinishedIssuance extends DueKind<Certificate> {
  constructor(database: Database, crls: Crls) {
    super(
      new DueItems(database, {
        kind: 'unfinished certificate',
        scope: platformScope(UNFINISHED),
        entity: Certificate,
        lists: [
          {
            where: (now) => ({ state: 'issuing', createdAt: LessThan(now - ISSUED_WITHIN) }),
            dueColumn: 'createdAt',
          },
        ],
        handle: ({ id, tenantId }) => database.transaction({ ...UNFINISHED, tenantId }, (tx) => abandon(tx, crls, id)),
      }),
    );
  }
}
