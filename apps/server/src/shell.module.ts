import { Module } from '@nestjs/common';

import { AcmeModule } from '#acme';
import { AnnouncementsModule } from '#announcements';
import { AuditModule } from '#audit';
import { IdempotencyModule } from '#idempotency';
import { ServiceKeysModule } from '#service-keys';
import { SigningModule } from '#signing';
import { TenantsModule } from '#tenants';

import { Callers, Permissions } from './callers.js';
import { IdempotencyStore } from './http/idempotency.guard.js';
import { CallerIdentification, PermissionPolicy } from './http/principal.js';
import { RefusalLog } from './http/refusal-log.js';
import { SealedAnswers } from './idempotency.js';
import { Refusals } from './refusals.js';

/** What the shell asks, answered by the libraries; the tests of the shell have other answers. */
@Module({
  imports: [
    AcmeModule,
    AnnouncementsModule,
    AuditModule,
    IdempotencyModule,
    ServiceKeysModule,
    SigningModule,
    TenantsModule,
  ],
  providers: [
    { provide: CallerIdentification, useClass: Callers },
    { provide: PermissionPolicy, useClass: Permissions },
    { provide: RefusalLog, useClass: Refusals },
    { provide: IdempotencyStore, useClass: SealedAnswers },
  ],
  exports: [CallerIdentification, PermissionPolicy, RefusalLog, IdempotencyStore],
})
export class ShellModule {}
