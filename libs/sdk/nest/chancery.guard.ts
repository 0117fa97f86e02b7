import {
  type CanActivate,
  type ExecutionContext,
  HttpException,
  Inject,
  Injectable,
  createParamDecorator,
} from '@nestjs/common';

import {
  type IncomingHeaders,
  KeysUnavailable,
  TokenRefused,
  type TokenVerifier,
  type VerifiedToken,
  tokenOf,
  verifyRequest,
} from '../verify/index.js';
import { TOKEN_VERIFIER } from './options.js';

/** Fastify's reply and Express's response set a header by this. */
interface HeaderSetter {
  header(name: string, value: string): unknown;
}

/**
 * Accepts requests with a bearer token of the issuer only: 401 with `WWW-Authenticate` for another, 503 where the public keys
 * cannot be read.
 */
@Injectable()
export class ChanceryGuard implements CanActivate {
  constructor(@Inject(TOKEN_VERIFIER) private readonly verify: TokenVerifier) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    try {
      await verifyRequest(this.verify, http.getRequest<IncomingHeaders>());
      return true;
    } catch (error) {
      if (!(error instanceof TokenRefused || error instanceof KeysUnavailable)) throw error;
      const { status, code, message, headers } = error;
      const response = http.getResponse<HeaderSetter>();
      for (const [name, value] of Object.entries(headers)) response.header(name, value);
      throw new HttpException({ statusCode: status, code, message }, status, { cause: error });
    }
  }
}

/** The claims of the token that the guard accepted: a parameter `@Token() token: VerifiedToken`. */
export const Token = createParamDecorator((_: unknown, context: ExecutionContext): VerifiedToken =>
  tokenOf(context.switchToHttp().getRequest<object>()),
);
