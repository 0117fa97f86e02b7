import { Injectable } from '@nestjs/common';

import { MINUTE, platformScope, systemOrigin } from '#core';
import { Database, In, LessThan } from '#database';
import { DueItems, DueKind, Expires } from '#scheduler';

import { Crls } from './crls.service.js';
import { Certificate, CertificateAuthority } from './entities.js';
import { authorityLifecycle, certificateLifecycle } from './lifecycle.js';
import { abandon } from './status-change.js';

/** Longer than any request lasts: a certificate that is still being issued then never will be. */
const ISSUED_WITHIN = 5 * MINUTE;
const CERTIFICATE_EXPIRY = systemOrigin('certificate-expiry');
const AUTHORITY_EXPIRY = systemOrigin('authority-expiry');
const ORPHAN_SWEEP = systemOrigin('orphan-sweep');

/** Writes down that certificates have expired; wherever one is used, the clock decides. */
@Expires({ before: [Crls] })
@Injectable()
export class CertificateExpiry extends DueKind<Certificate> {
  readonly kind = 'certificate';
  protected readonly due: DueItems<Certificate>;

  constructor(database: Database) {
    super();
    this.due = new DueItems(database, {
      kind: this.kind,
      scope: platformScope(CERTIFICATE_EXPIRY),
      entity: Certificate,
      lists: [
        {
          where: (now) => ({ state: In([...certificateLifecycle.event.expire.from]), notAfter: LessThan(now) }),
          happens: 'expires',
          order: [
            ['notAfter', 'ASC'],
            ['id', 'ASC'],
          ],
        },
      ],
      itemOf: ({ id }) => id,
      handle: ({ id, tenantId }) =>
        database.transaction({ ...CERTIFICATE_EXPIRY, tenantId }, async (tx) => {
          tx.housekeeping('another instance has recorded it');
          await tx.applyDue(Certificate, await tx.lock(Certificate, { id }));
        }),
    });
  }
}

/** The same for certificate authorities. */
@Expires({ before: [Crls] })
@Injectable()
export class AuthorityExpiry extends DueKind<CertificateAuthority> {
  readonly kind = 'certificate authority';
  protected readonly due: DueItems<CertificateAuthority>;

  constructor(database: Database) {
    super();
    this.due = new DueItems(database, {
      kind: this.kind,
      scope: platformScope(AUTHORITY_EXPIRY),
      entity: CertificateAuthority,
      lists: [
        {
          where: (now) => ({ state: In([...authorityLifecycle.event.expire.from]), notAfter: LessThan(now) }),
          happens: 'expires',
          order: [
            ['notAfter', 'ASC'],
            ['id', 'ASC'],
          ],
        },
      ],
      itemOf: ({ id }) => id,
      handle: ({ id, tenantId }) =>
        database.transaction({ ...AUTHORITY_EXPIRY, tenantId }, async (tx) => {
          tx.housekeeping('another instance has recorded it');
          await tx.applyDue(CertificateAuthority, await tx.lock(CertificateAuthority, { id }));
        }),
    });
  }
}

/** Revokes what was put on record and never finished: a process ended between the intent and the certificate. */
@Expires({ before: [Crls] })
@Injectable()
export class OrphanSweep extends DueKind<Certificate> {
  readonly kind = 'unfinished certificate';
  protected readonly due: DueItems<Certificate>;

  constructor(database: Database, crls: Crls) {
    super();
    this.due = new DueItems(database, {
      kind: this.kind,
      scope: platformScope(ORPHAN_SWEEP),
      entity: Certificate,
      lists: [
        {
          where: (now) => ({ state: 'issuing', createdAt: LessThan(now - ISSUED_WITHIN) }),
          order: [
            ['createdAt', 'ASC'],
            ['id', 'ASC'],
          ],
        },
      ],
      itemOf: ({ id }) => id,
      handle: ({ id, tenantId }) => database.transaction({ ...ORPHAN_SWEEP, tenantId }, (tx) => abandon(tx, crls, id)),
    });
  }
}
