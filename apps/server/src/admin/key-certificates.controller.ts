import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '../http/api-declarations.js';

import { type ForeignCertificate, ForeignCertificates, certificateErrors } from '#certificates';
import { Clock, type Page, type TenantScope, coreErrors } from '#core';
import { keyErrors } from '#keys';

import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import { distinguishedName } from './certificate-authorities.contract.js';
import {
  KeyCertificate,
  KeyCertificatePage,
  KeyCertificateRequest,
  KeyRequest,
  KeyRequestAnswer,
  presentKeyCertificate,
} from './key-certificates.contract.js';
import { PageQuery, presentPage } from './page.contract.js';

const { KEY_NOT_USABLE, KEY_HAS_NO_PUBLIC_HALF } = keyErrors;

/** Keys that a vendor certifies: requests, and the certificates for them. */
@ApiTags('Keys')
@Controller('v1/tenants/:tenantId/keys/:keyId')
@Requires('keys:read')
export class KeyCertificatesController {
  constructor(
    private readonly certificates: ForeignCertificates,
    private readonly clock: Clock,
  ) {}

  @Post('csr')
  @Requires('keys:write')
  @ApiOperation({ operationId: 'requestKeyCertificate', summary: 'Create a certificate signing request for a key' })
  @Answers(200, KeyRequestAnswer, 'The request, signed by the active version')
  @Fails(KEY_NOT_USABLE, KEY_HAS_NO_PUBLIC_HALF, coreErrors.BUSY)
  async requestCertificate(
    @Param('keyId') keyId: string,
    @Body() { subject }: KeyRequest,
    @InScope() scope: TenantScope,
  ): Promise<KeyRequestAnswer> {
    const present = (csr: string): KeyRequestAnswer => ({ csr });
    return answerOnce(scope, present, () => this.certificates.request(scope, keyId, distinguishedName(subject)));
  }

  @Post('certificate')
  @Requires('keys:write')
  @ApiOperation({ operationId: 'storeKeyCertificate', summary: 'Store the certificate that a vendor issued for a key' })
  @Answers(201, KeyCertificate, 'The certificate')
  @Fails(
    KEY_NOT_USABLE,
    KEY_HAS_NO_PUBLIC_HALF,
    certificateErrors.KEY_NOT_OF_CERTIFICATE,
    certificateErrors.CERTIFICATE_KID_TAKEN,
  )
  async storeCertificate(
    @Param('keyId') keyId: string,
    @Body() received: KeyCertificateRequest,
    @InScope() scope: TenantScope,
  ): Promise<KeyCertificate> {
    const present = (row: ForeignCertificate): KeyCertificate => presentKeyCertificate(row, this.clock.now());
    return answerOnce(scope, present, () => this.certificates.store(scope, keyId, { ...received }));
  }

  @Get('certificates')
  @ApiOperation({ operationId: 'listKeyCertificates', summary: 'List the certificates that vendors issued for a key' })
  @Answers(200, KeyCertificatePage, 'One page, oldest first')
  async listCertificates(
    @Param('keyId') keyId: string,
    @Query() page: PageQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<KeyCertificate>> {
    const now = this.clock.now();
    return presentPage(await this.certificates.list(scope, keyId, page), (row) => presentKeyCertificate(row, now));
  }
}
