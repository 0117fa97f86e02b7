import type { Type } from '@nestjs/common';

import { CallerController } from './caller.controller.js';
import { OwnCertificatesController } from './certificates.controller.js';
import { JwksController } from './jwks.controller.js';
import { LicensingController } from './licensing.controller.js';
import { PkiController } from './pki.controller.js';
import { SystemUserTokensController } from './system-user-tokens.controller.js';
import { TokenController } from './token.controller.js';
import { TransactionsController } from './transactions.controller.js';
import { UserTokensController } from './user-tokens.controller.js';

/** What the role `signing` offers. */
export const signingControllers: readonly Type[] = [
  TokenController,
  CallerController,
  TransactionsController,
  UserTokensController,
  SystemUserTokensController,
  LicensingController,
  OwnCertificatesController,
  JwksController,
  PkiController,
];
