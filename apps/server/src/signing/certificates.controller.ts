import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '../http/api-declarations.js';

import { Issuance, authorityErrors, certificateErrors } from '#certificates';
import { type TenantScope, coreErrors } from '#core';
import { keyFileErrors } from '#crypto';

import {
  NewlyIssuedCertificate,
  OwnCertificateRenewal,
  OwnCertificateRequest,
  presentIssued,
} from '../admin/certificates.contract.js';
import { signingInKeyStore } from '../admin/key-store.contract.js';
import type { GrantedService } from '../callers.js';
import { answerOnceCommitted } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { Caller, InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';

const { INVALID_CSR, POLICY_VIOLATION, LINT_FAILED, CERTIFICATE_REPLACED } = certificateErrors;
const { WEAK_KEY } = keyFileErrors;
const busy = [coreErrors.BUSY, ...signingInKeyStore] as const;
const { CA_NOT_USABLE, NO_CERTIFICATE_AUTHORITY } = authorityErrors;

/** Certificates that a service requests for itself. */
@ApiTags('Certificates')
@Controller('v1/certificates')
@Requires('certificates:request')
export class OwnCertificatesController {
  constructor(private readonly issuance: Issuance) {}

  @Post()
  @ApiOperation({ operationId: 'requestCertificate', summary: 'Request a certificate for itself' })
  @Answers(201, NewlyIssuedCertificate, 'The certificate')
  @Fails(INVALID_CSR, WEAK_KEY, POLICY_VIOLATION, LINT_FAILED, CA_NOT_USABLE, NO_CERTIFICATE_AUTHORITY, ...busy)
  async requestCertificate(
    @Body() { csr }: OwnCertificateRequest,
    @InScope() scope: TenantScope,
    @Caller() { serviceId }: GrantedService,
  ): Promise<NewlyIssuedCertificate> {
    return answerOnceCommitted(scope, presentIssued, () => this.issuance.issue(scope, { csr, serviceId }), {
      lookFirst: true,
    });
  }

  @Post(':kid/renew')
  @ApiOperation({ operationId: 'renewOwnCertificate', summary: 'Renew one of its own certificates' })
  @ApiParam({ name: 'kid', description: 'Certificate ID (`kid`)' })
  @Answers(201, NewlyIssuedCertificate, 'The successor')
  @Fails(
    coreErrors.WRONG_STATE,
    CERTIFICATE_REPLACED,
    INVALID_CSR,
    WEAK_KEY,
    POLICY_VIOLATION,
    LINT_FAILED,
    CA_NOT_USABLE,
    ...busy,
  )
  async renewOwnCertificate(
    @Param('kid') kid: string,
    @Body() body: OwnCertificateRenewal,
    @InScope() scope: TenantScope,
    @Caller() { serviceId }: GrantedService,
  ): Promise<NewlyIssuedCertificate> {
    return answerOnceCommitted(scope, presentIssued, () => this.issuance.renew(scope, kid, body, serviceId), {
      lookFirst: true,
    });
  }
}
