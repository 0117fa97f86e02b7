import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam } from '../../http/api-declarations.js';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { AcmeRequests, AcmeRevocations, RenewalInfo, acmeErrors } from '#acme';
import { HOUR, SECOND, coreErrors, systemOrigin, toRfc3339 } from '#core';
import { tenantErrors } from '#tenants';

import { Facts, type RequestFacts } from '../../http/in-scope.js';
import { AcmeAnswers } from './acme-answers.js';
import { AcmeApi, AcmeAuthority, AcmePost } from './acme-route.js';
import { RENEWAL_INFO_SCHEMA } from './acme.contract.js';

/** When a client polls the renewal information again (RFC 9773 §4.3). */
const ASK_AGAIN_SECONDS = (6 * HOUR) / SECOND;

/** Revocation (RFC 8555 §7.6) and renewal information (RFC 9773). */
@Controller('acme/:caId')
@AcmeApi()
export class AcmeRenewalsController {
  constructor(
    private readonly requests: AcmeRequests,
    private readonly revocations: AcmeRevocations,
    private readonly renewals: RenewalInfo,
    private readonly answers: AcmeAnswers,
  ) {}

  @AcmePost('revoke-cert', {
    id: 'revokeAcmeCertificate',
    summary: 'Revoke a certificate with the account that ordered it or with its own key',
    answer: { description: 'The certificate is revoked', schema: { type: 'object', properties: {}, example: {} } },
    fails: [
      acmeErrors.ACME_ALREADY_REVOKED,
      acmeErrors.ACME_BAD_REVOCATION_REASON,
      coreErrors.WRONG_STATE,
      coreErrors.BUSY,
      tenantErrors.TENANT_SUSPENDED,
    ],
  })
  async revokeCertificate(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    await this.revocations.revoke(await this.answers.ofAccountOrKey(request));
    await this.answers.prepare(request, reply);
    return {};
  }

  @Get('renewal-info/:certificateId')
  @AcmeAuthority()
  @ApiParam({ name: 'certificateId', description: 'Unique identifier of the certificate (RFC 9773 §4.1)' })
  @ApiOperation({ operationId: 'getAcmeRenewalInfo', summary: 'Read when a certificate should be renewed' })
  @ApiOkResponse({
    description: 'The suggested renewal window; for a revoked certificate it is in the past',
    content: { 'application/json': { schema: RENEWAL_INFO_SCHEMA } },
  })
  async getRenewalInfo(
    @Param('caId') caId: string,
    @Param('certificateId') certificateId: string,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const origin = { ...systemOrigin('acme'), ...facts };
    await this.requests.tenantOf(origin, caId);
    const { start, end } = await this.renewals.of(origin, caId, certificateId);
    reply.header('Retry-After', ASK_AGAIN_SECONDS);
    return { suggestedWindow: { start: toRfc3339(start), end: toRfc3339(end) } };
  }
}
