import type { Type as Class } from '@nestjs/common';
import { AuditEventsController, PlatformAuditEventsController } from './audit-events.controller.js';
import { AuthController } from './auth.controller.js';
import { CertificateAuthoritiesController } from './certificate-authorities.controller.js';
import { CertificatesController } from './certificates.controller.js';
import { CredentialsController } from './credentials.controller.js';
import { InvitationAcceptanceController, InvitationsController } from './invitations.controller.js';
import { HistoryLogController, LogKeysController, PlatformHistoryLogController } from './history-log.controller.js';
import { KeyMaterialController } from './key-material.controller.js';
import { KeysController } from './keys.controller.js';
import { LeaksController } from './leaks.controller.js';
import { LicensesController } from './licenses.controller.js';
import { MembersController } from './members.controller.js';
import { SchedulerController } from './scheduler.controller.js';
import { ServicesController } from './services.controller.js';
import { TenantsController } from './tenants.controller.js';
import { TokenProfilesController } from './token-profiles.controller.js';
import { TransactionSearchController } from './transactions.controller.js';
import { UsersController } from './users.controller.js';

/** What people call: one controller per noun. */
export const adminControllers: Class<unknown>[] = [
  AuthController,
  TenantsController,
  MembersController,
  InvitationsController,
  InvitationAcceptanceController,
  UsersController,
  ServicesController,
  CredentialsController,
  LeaksController,
  KeysController,
  KeyMaterialController,
  CertificateAuthoritiesController,
  CertificatesController,
  TokenProfilesController,
  LicensesController,
  TransactionSearchController,
  AuditEventsController,
  PlatformAuditEventsController,
  HistoryLogController,
  PlatformHistoryLogController,
  LogKeysController,
  SchedulerController,
];
