import type { Type } from '@nestjs/common';

import { CallerController } from './caller.controller.js';
import { OwnCertificatesController } from './certificates.controller.js';
import { JwksController } from './jwks.controller.js';
import { PkiController } from './pki.controller.js';
import { TokenController } from './token.controller.js';

/** What the role `signing` offers. */
export const signingControllers: readonly Type[] = [
  TokenController,
  CallerController,
  OwnCertificatesController,
  JwksController,
  PkiController,
];
