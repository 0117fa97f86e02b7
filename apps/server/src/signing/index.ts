import type { Type } from '@nestjs/common';

import { CallerController } from './caller.controller.js';
import { JwksController } from './jwks.controller.js';
import { TokenController } from './token.controller.js';

/** What the role `signing` offers. */
export const signingControllers: readonly Type[] = [TokenController, CallerController, JwksController];
