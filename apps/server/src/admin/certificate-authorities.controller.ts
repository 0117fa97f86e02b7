import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';

import {
  AuthorityRevocations,
  CertificateAuthorities,
  ExternalAuthorities,
  RevocationStatuses,
  authorityErrors,
  certificateErrors,
} from '#certificates';
import { type Page, type TenantScope, coreErrors } from '#core';
import type { SeenVersions } from '#database';
import { keyFileErrors } from '#crypto';
import { keyErrors } from '#keys';

import { answerOnce } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { IfMatch } from '../http/entity-tag.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { Requires } from '../http/requires.js';
import {
  AuthorityCertificate,
  AuthorityCertificateDryRun,
  presentCertificateDryRun,
} from './authority-certificate.contract.js';
import {
  AuthorityRevocationDryRun,
  CertificateAuthority,
  CertificateAuthorityPage,
  CertificateAuthorityStatus,
  NewCertificateAuthority,
  isImport,
  presentAuthority,
  presentAuthorityDryRun,
  presentAuthorityStatus,
  toAuthorityRequest,
  toImport,
  toPendingRequest,
} from './certificate-authorities.contract.js';
import { AuthorityRevocation } from './certificates.contract.js';
import { ContactsChange } from './contacts.contract.js';
import { AnswersOrDryRun, DryRunQuery } from './dry-run.contract.js';
import { WithDryRun } from './dry-run.js';
import { inKeyStore } from './key-store.contract.js';
import { NamedPageQuery, presentPage } from './page.contract.js';
import { CERTIFICATE_EXAMPLE } from './pem.contract.js';

@ApiTags('Certificate authorities')
@Controller('v1/tenants/:tenantId/certificate-authorities')
@Requires('certificates:read')
export class CertificateAuthoritiesController {
  constructor(
    private readonly authorities: CertificateAuthorities,
    private readonly external: ExternalAuthorities,
    private readonly revocations: AuthorityRevocations,
    private readonly statuses: RevocationStatuses,
  ) {}

  @Post()
  @Requires('certificate-authorities:write')
  @ApiOperation({
    summary:
      'Create a root or an intermediate authority, request one from an external issuer, or import one with its key',
  })
  @Answers(201, CertificateAuthority, 'The new authority; the first one is the default')
  @Fails(
    authorityErrors.CA_NAME_TAKEN,
    authorityErrors.CA_NOT_USABLE,
    authorityErrors.INVALID_CA_CERTIFICATE,
    authorityErrors.INVALID_CA_KEY,
    keyFileErrors.WEAK_KEY,
    keyErrors.KEY_COMPROMISED,
    ...inKeyStore,
    certificateErrors.POLICY_VIOLATION,
    certificateErrors.LINT_FAILED,
    coreErrors.BUSY,
  )
  async createCertificateAuthority(
    @Body() body: NewCertificateAuthority,
    @InScope() scope: TenantScope,
  ): Promise<CertificateAuthority> {
    return answerOnce(scope, presentAuthority, () =>
      isImport(body)
        ? this.authorities.import(scope, toImport(body))
        : body.externalIssuer
          ? this.external.create(scope, toPendingRequest(body))
          : this.authorities.create(scope, toAuthorityRequest(body)),
    );
  }

  @Get()
  @ApiOperation({ summary: 'List the certificate authorities' })
  @Answers(200, CertificateAuthorityPage, 'One page, oldest first')
  async listCertificateAuthorities(
    @Query() { name, ...page }: NamedPageQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<CertificateAuthority>> {
    return presentPage(await this.authorities.list(scope, name, page), presentAuthority);
  }

  @Get(':caId')
  @ApiOperation({ summary: 'Read a certificate authority' })
  @Answers(200, CertificateAuthority, 'The authority')
  async getCertificateAuthority(
    @Param('caId') caId: string,
    @InScope() scope: TenantScope,
  ): Promise<CertificateAuthority> {
    return presentAuthority(await this.authorities.get(scope, caId));
  }

  @Patch(':caId')
  @Requires('certificate-authorities:write')
  @ApiOperation({ summary: 'Change the contacts of an authority' })
  @Answers(200, CertificateAuthority, 'The updated authority')
  async changeCertificateAuthority(
    @Param('caId') caId: string,
    @Body() { contacts }: ContactsChange,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<CertificateAuthority> {
    return presentAuthority(await this.authorities.changeContacts(scope, caId, contacts, ifMatch));
  }

  @Get(':caId/chain')
  @ApiOperation({ summary: 'Download the chain of an authority' })
  @ApiOkResponse({
    description: 'PEM, each certificate followed by that of its issuer',
    content: { 'application/x-pem-file': { schema: { type: 'string', example: CERTIFICATE_EXAMPLE } } },
  })
  async getCertificateAuthorityChain(
    @Param('caId') caId: string,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const chain = await this.authorities.chain(scope, caId);
    reply.type('application/x-pem-file');
    return chain;
  }

  @Post(':caId/certificate')
  @HttpCode(200)
  @Requires('certificate-authorities:write')
  @ApiOperation({
    operationId: 'storeCertificateAuthorityCertificate',
    summary: 'Store the certificate that an external issuer issued for an authority, or its successor for the same key',
  })
  @AnswersOrDryRun(CertificateAuthority, AuthorityCertificateDryRun, 'The active authority')
  @Fails(
    authorityErrors.CA_HAS_PARENT,
    authorityErrors.CA_NOT_USABLE,
    authorityErrors.INVALID_CA_CERTIFICATE,
    authorityErrors.INVALID_CA_KEY,
    keyErrors.KEY_COMPROMISED,
  )
  async storeCertificate(
    @Param('caId') caId: string,
    @Body() { certificatePem }: AuthorityCertificate,
    @Query() { dryRun }: DryRunQuery,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<CertificateAuthority | AuthorityCertificateDryRun> {
    if (dryRun) return presentCertificateDryRun(await this.external.dryRunCertificate(scope, caId, certificatePem));
    return answerOnce(scope, presentAuthority, () =>
      this.external.storeCertificate(scope, caId, certificatePem, ifMatch),
    );
  }

  @Delete(':caId')
  @Requires('certificate-authorities:write')
  @ApiOperation({ summary: 'Delete an authority that never had a certificate, and destroy its key' })
  @WithDryRun('The authority is deleted')
  @Fails(coreErrors.WRONG_STATE)
  async deleteCertificateAuthority(
    @Param('caId') caId: string,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<void> {
    await this.external.delete(scope, caId, ifMatch);
  }

  @Get(':caId/status')
  @ApiOperation({ summary: 'Read the state of the CRL and of the OCSP responder of an authority' })
  @Answers(200, CertificateAuthorityStatus, 'The state')
  async getCertificateAuthorityStatus(
    @Param('caId') caId: string,
    @InScope() scope: TenantScope,
  ): Promise<CertificateAuthorityStatus> {
    return presentAuthorityStatus(await this.statuses.of(scope, caId));
  }

  @Post(':caId/revoke')
  @HttpCode(200)
  @Requires('certificate-authorities:write')
  @ApiOperation({ summary: 'Revoke an authority, the authorities below it, and all certificates that they issued' })
  @AnswersOrDryRun(CertificateAuthority, AuthorityRevocationDryRun, 'The revoked authority')
  async revokeCertificateAuthority(
    @Param('caId') caId: string,
    @Body() { reason = 'cessationOfOperation' }: AuthorityRevocation,
    @Query() { dryRun }: DryRunQuery,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<CertificateAuthority | AuthorityRevocationDryRun> {
    if (dryRun) return presentAuthorityDryRun(await this.revocations.dryRunRevocation(scope, caId, reason));
    return answerOnce(scope, presentAuthority, () => this.revocations.revoke(scope, caId, reason, ifMatch));
  }
}
