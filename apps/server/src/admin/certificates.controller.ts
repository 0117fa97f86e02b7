import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query, Res, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';

import { Certificates, Issuance, authorityErrors, certificateErrors } from '#certificates';
import { type Page, Secret, type TenantScope, coreErrors } from '#core';
import type { SeenVersions } from '#database';
import { keyFileErrors } from '#crypto';
import { keyErrors } from '#keys';

import { answerOnce, answerOnceCommitted } from '../http/answer-once.js';
import { Answers } from '../http/answers.js';
import { IfMatch } from '../http/entity-tag.js';
import { Fails } from '../http/fails.js';
import { InScope } from '../http/in-scope.js';
import { NotStored } from '../http/idempotency.guard.js';
import { Requires } from '../http/requires.js';
import {
  BundleRequest,
  Certificate,
  CertificateFilterQuery,
  CertificateFormatQuery,
  CertificatePage,
  CertificateQuery,
  CertificateRenewal,
  CertificateWithChain,
  NewCertificate,
  NewlyIssuedCertificate,
  Revocation,
  RevocationDryRun,
  presentCertificate,
  presentIssued,
  presentRevocationDryRun,
  presentWithChain,
} from './certificates.contract.js';
import { ContactsChange } from './contacts.contract.js';
import { AnswersOrDryRun, DryRunQuery } from './dry-run.contract.js';
import { JSON_LINES, jsonLines } from './json-lines.js';
import { signingInKeyStore } from './key-store.contract.js';
import { presentPage } from './page.contract.js';
import { CERTIFICATE_EXAMPLE } from './pem.contract.js';
const { WRONG_STATE } = coreErrors;
const { INVALID_CSR, POLICY_VIOLATION, LINT_FAILED, CERTIFICATE_REPLACED } = certificateErrors;
const { WEAK_KEY } = keyFileErrors;
const busy = [coreErrors.BUSY, ...signingInKeyStore] as const;
const { CA_NOT_USABLE, NO_CERTIFICATE_AUTHORITY } = authorityErrors;

const MEDIA_TYPES = {
  pem: 'application/x-pem-file',
  der: 'application/pkix-cert',
  pkcs7: 'application/pkcs7-mime; smime-type=certs-only',
} as const;

const BINARY_EXAMPLE = { schema: { type: 'string', format: 'binary', example: '0\u0082\u0003\u0012...' } };
const KidParameter = () => ApiParam({ name: 'kid', description: 'Certificate ID (`kid`)' });

@ApiTags('Certificates')
@Controller('v1/tenants/:tenantId/certificates')
@Requires('certificates:write')
export class CertificatesController {
  constructor(
    private readonly issuance: Issuance,
    private readonly certificates: Certificates,
  ) {}

  @Post()
  @Requires('certificates:issue')
  @ApiOperation({ summary: 'Issue a certificate for a CSR; a rejection lists every violated rule' })
  @Answers(201, NewlyIssuedCertificate, 'The certificate')
  @Fails(INVALID_CSR, WEAK_KEY, POLICY_VIOLATION, LINT_FAILED, CA_NOT_USABLE, NO_CERTIFICATE_AUTHORITY, ...busy)
  async issueCertificate(@Body() body: NewCertificate, @InScope() scope: TenantScope): Promise<NewlyIssuedCertificate> {
    return answerOnceCommitted(scope, presentIssued, () => this.issuance.issue(scope, body), { lookFirst: true });
  }

  @Get()
  @Requires('certificates:read')
  @ApiOperation({ summary: 'Search the inventory' })
  @Answers(200, CertificatePage, 'One page, oldest first')
  async listCertificates(
    @Query() { limit, cursor, ...filter }: CertificateQuery,
    @InScope() scope: TenantScope,
  ): Promise<Page<Certificate>> {
    return presentPage(await this.certificates.list(scope, filter, { limit, cursor }), presentCertificate);
  }

  @Get('export')
  @Requires('certificates:read')
  @ApiOperation({ summary: 'Export the inventory, one JSON object per line' })
  @ApiOkResponse({
    description: 'All matching credentials, streamed, oldest first',
    content: {
      [JSON_LINES]: {
        schema: { type: 'string', example: '{"kid":"3343c158-d371-41cd-be7d-d8b3cb133445","state":"active"}\n' },
      },
    },
  })
  exportCertificates(@Query() filter: CertificateFilterQuery, @InScope() scope: TenantScope): StreamableFile {
    return jsonLines('certificates', this.certificates.export(scope, filter), presentCertificate);
  }

  @Get(':kid')
  @Requires('certificates:read')
  @ApiOperation({ summary: 'Read a certificate' })
  @KidParameter()
  @Answers(200, CertificateWithChain, 'The certificate')
  async getCertificate(@Param('kid') kid: string, @InScope() scope: TenantScope): Promise<CertificateWithChain> {
    return presentWithChain(await this.certificates.get(scope, kid));
  }

  @Patch(':kid')
  @ApiOperation({ summary: 'Change the contacts of a certificate' })
  @KidParameter()
  @Answers(200, CertificateWithChain, 'The updated certificate')
  async changeCertificate(
    @Param('kid') kid: string,
    @Body() { contacts }: ContactsChange,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<CertificateWithChain> {
    return presentWithChain(await this.certificates.changeContacts(scope, kid, contacts, ifMatch));
  }

  @Get(':kid/certificate')
  @Requires('certificates:read')
  @ApiOperation({ summary: 'Download a certificate' })
  @KidParameter()
  @ApiOkResponse({
    description: 'The certificate in the requested format',
    content: {
      [MEDIA_TYPES.pem]: { schema: { type: 'string', example: CERTIFICATE_EXAMPLE } },
      [MEDIA_TYPES.der]: BINARY_EXAMPLE,
      [MEDIA_TYPES.pkcs7]: BINARY_EXAMPLE,
    },
  })
  @Fails(WRONG_STATE)
  async downloadCertificate(
    @Param('kid') kid: string,
    @Query() { format = 'pem' }: CertificateFormatQuery,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | Buffer> {
    const content = await this.certificates.download(scope, kid, format);
    reply.type(MEDIA_TYPES[format]);
    return content;
  }

  @Post(':kid/renew')
  @ApiOperation({
    summary: 'Renew a certificate with the same names, and with the same key unless a CSR contains a new one',
  })
  @KidParameter()
  @Answers(201, NewlyIssuedCertificate, 'The successor')
  @Fails(
    WRONG_STATE,
    CERTIFICATE_REPLACED,
    INVALID_CSR,
    WEAK_KEY,
    POLICY_VIOLATION,
    LINT_FAILED,
    ...signingInKeyStore,
    coreErrors.BUSY,
    CA_NOT_USABLE,
  )
  async renewCertificate(
    @Param('kid') kid: string,
    @Body() body: CertificateRenewal,
    @InScope() scope: TenantScope,
  ): Promise<NewlyIssuedCertificate> {
    return answerOnceCommitted(scope, presentIssued, () => this.issuance.renew(scope, kid, body), { lookFirst: true });
  }

  @Post(':kid/revoke')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Revoke a certificate permanently; `keyCompromise` also revokes the other certificates of its key',
  })
  @KidParameter()
  @AnswersOrDryRun(CertificateWithChain, RevocationDryRun, 'The revoked certificate')
  @Fails(WRONG_STATE)
  async revokeCertificate(
    @Param('kid') kid: string,
    @Body() { reason }: Revocation,
    @Query() { dryRun }: DryRunQuery,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<CertificateWithChain | RevocationDryRun> {
    if (!dryRun)
      return answerOnce(scope, presentWithChain, () => this.certificates.revoke(scope, kid, reason, ifMatch));
    return presentRevocationDryRun(await this.certificates.dryRunRevocation(scope, kid, reason));
  }

  @Post(':kid/hold')
  @ApiOperation({ summary: 'Put a certificate on hold' })
  @KidParameter()
  @Answers(200, CertificateWithChain, 'The certificate on hold')
  @Fails(WRONG_STATE)
  async holdCertificate(
    @Param('kid') kid: string,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<CertificateWithChain> {
    return answerOnce(scope, presentWithChain, () => this.certificates.hold(scope, kid, ifMatch));
  }

  @Post(':kid/release')
  @ApiOperation({ summary: 'Release a certificate from hold' })
  @KidParameter()
  @Answers(200, CertificateWithChain, 'The active certificate')
  @Fails(WRONG_STATE)
  async releaseCertificate(
    @Param('kid') kid: string,
    @InScope() scope: TenantScope,
    @IfMatch() ifMatch: SeenVersions | undefined,
  ): Promise<CertificateWithChain> {
    return answerOnce(scope, presentWithChain, () => this.certificates.release(scope, kid, ifMatch));
  }

  @NotStored()
  @Post(':kid/pkcs12')
  @HttpCode(200)
  @Requires('keys:export')
  @ApiOperation({ summary: 'Bundle a certificate with its issuers and its exportable private key' })
  @KidParameter()
  @ApiOkResponse({
    description: 'PKCS#12 (RFC 7292)',
    content: { 'application/x-pkcs12': BINARY_EXAMPLE },
  })
  @Fails(
    WRONG_STATE,
    keyErrors.KEY_NOT_EXPORTABLE,
    certificateErrors.KEY_NOT_OF_CERTIFICATE,
    keyErrors.KEY_NOT_USABLE,
    coreErrors.BUSY,
  )
  async bundleCertificate(
    @Param('kid') kid: string,
    @Body() { keyId, passphrase }: BundleRequest,
    @InScope() scope: TenantScope,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const bundle = await this.certificates.bundle(scope, kid, keyId, new Secret(passphrase));
    reply.type('application/x-pkcs12').header('Content-Disposition', 'attachment; filename="certificate.p12"');
    return bundle;
  }
}
