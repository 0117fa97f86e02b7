import { Controller, Headers, HttpCode, Post, Req, applyDecorators } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '../http/api-declarations.js';
import type { FastifyRequest } from 'fastify';

import { coreErrors } from '#core';
import { databaseErrors } from '#database';
import { Licensing, licensingErrors } from '#licensing';

import { AcceptsAnyInput } from '../http/declared-input.guard.js';
import { Fails } from '../http/fails.js';
import { Facts, type RequestFacts } from '../http/in-scope.js';
import { RateLimited } from '../http/rate-limit.js';
import { Public } from '../http/requires.js';
import { LICENSE_UPDATE_EXAMPLE, LicenseUpdateAnswer } from './licensing.contract.js';

const BEARER = /^Bearer +(?<token>\S+)$/i;

const Update = (operationId: string, summary: string): MethodDecorator =>
  applyDecorators(
    HttpCode(200),
    // The signature is over the bytes of the body, so the handler reads the body itself.
    AcceptsAnyInput(),
    ApiOperation({ operationId, summary }),
    ApiHeader({
      name: 'Authorization',
      required: true,
      description: '`Bearer` and the request token: RS256 with the certified key, `payload_hash` of this exact body',
      schema: { type: 'string', example: 'Bearer eyJhbGciOiJSUzI1NiJ9.eyJqdGkiOiI2ZjFjIn0.c2lnbmF0dXJl' },
    }),
    ApiBody({ schema: { type: 'object', additionalProperties: true, example: LICENSE_UPDATE_EXAMPLE } }),
    ApiOkResponse({ type: LicenseUpdateAnswer, description: 'The update was accepted' }),
    Fails(
      coreErrors.CREDENTIALS_REQUIRED,
      licensingErrors.INVALID_TOKEN,
      licensingErrors.INVALID_JTI,
      licensingErrors.UNKNOWN_KID,
      licensingErrors.INVALID_CERTIFICATE,
      licensingErrors.INVALID_SIGNATURE,
      licensingErrors.EXPIRED_TOKEN,
      licensingErrors.INVALID_PAYLOAD_HASH,
      licensingErrors.DUPLICATE_JTI,
      databaseErrors.AUDIT_UNAVAILABLE,
    ),
  );

/** Where the clients of Xima CCaaS send their signed updates; the token is their only credential. */
@Controller('v1')
@ApiTags('Xima CCaaS')
// Not counted by address, like all calls of services: only invalid tokens are counted, see `Licensing`.
@RateLimited('none')
@Public()
export class LicensingController {
  constructor(private readonly licensing: Licensing) {}

  @Post('licensing/update')
  @Update('updateLicense', "Update a customer's entitlement with a signed request")
  async updateLicense(
    @Headers('authorization') authorization: string | undefined,
    @Req() { rawBody = Buffer.alloc(0) }: FastifyRequest,
    @Facts() facts: RequestFacts,
  ): Promise<LicenseUpdateAnswer> {
    if (authorization === undefined) throw coreErrors.CREDENTIALS_REQUIRED();
    const token = BEARER.exec(authorization)?.groups?.['token'];
    if (token === undefined) throw licensingErrors.INVALID_TOKEN('A bearer token is expected');
    return LicenseUpdateAnswer.of(await this.licensing.accept({ token, body: rawBody, ...facts }));
  }

  /** The comment in the vendor's document names the path above, its code calls this one. */
  @Post('api/licensing/update')
  @Update('updateLicenseAtSandboxPath', 'Update an entitlement, at the path in the vendor’s sample')
  async updateLicenseAtSandboxPath(
    @Headers('authorization') authorization: string | undefined,
    @Req() request: FastifyRequest,
    @Facts() facts: RequestFacts,
  ): Promise<LicenseUpdateAnswer> {
    return this.updateLicense(authorization, request, facts);
  }
}
