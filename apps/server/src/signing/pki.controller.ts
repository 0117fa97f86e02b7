import { Body, Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiExcludeEndpoint,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '../http/api-declarations.js';
import type { FastifyReply } from 'fastify';

import { CertificateAuthorities, Crls, OcspResponder, type OcspReply, authorityErrors } from '#certificates';
import { Clock, coreErrors, type Origin, systemOrigin } from '#core';
import { sealingErrors } from '#crypto';
import { ocspRequestFromPath } from '#pki';

import { ReadableFromBrowsers } from '../http/browser-access.js';
import { lastModified } from '../http/conditional-requests.js';
import { contentTag, entityTag } from '../http/entity-tag.js';
import { signingInKeyStore } from '../admin/key-store.contract.js';
import { Fails } from '../http/fails.js';
import { Facts, type RequestFacts } from '../http/in-scope.js';
import { Public } from '../http/requires.js';
import { ServedWhileSealed } from '../http/seal.guard.js';

const CERTIFICATE = 'application/pkix-cert'; // RFC 2585 §3
const CRL = 'application/pkix-crl';
const OCSP_REQUEST = 'application/ocsp-request'; // RFC 6960 appendix C
const OCSP_RESPONSE = 'application/ocsp-response';

/** A certificate that was renewed since is valid to its end, too. */
const CERTIFICATE_MAX_AGE_SECONDS = 86_400;
/** A revocation must be visible within 5 s, even through caches. */
const CRL_MAX_AGE_SECONDS = 3;
/** A response to a request without a nonce may be reused; this is its maximum age. */
const OCSP_MAX_AGE_SECONDS = 3;

/** The certificate and the list of an authority are stored as they were signed; a response is signed by a key that must be opened. */
const SIGNING_RESPONSES = [...signingInKeyStore, sealingErrors.SEALED, sealingErrors.MASTER_KEY_UNAVAILABLE];

const BYTES = { type: 'string', format: 'binary', example: '0\u0082\u0001\u00a5...' };
const binary = (mediaType: string) => ({ [mediaType]: { schema: BYTES } });

/** What relying parties fetch from the addresses in the certificates. */
@ApiTags('Public')
@Controller('pki/:caId')
@Public()
@ServedWhileSealed()
export class PkiController {
  constructor(
    private readonly authorities: CertificateAuthorities,
    private readonly crls: Crls,
    private readonly responder: OcspResponder,
    private readonly clock: Clock,
  ) {}

  @Get('ca.crt')
  @ReadableFromBrowsers()
  @ApiParam({ name: 'caId', description: 'Id of the authority' })
  @ApiOperation({ summary: 'Download the certificate of an authority' })
  @ApiOkResponse({ description: 'DER', content: binary(CERTIFICATE) })
  async getAuthorityCertificate(
    @Param('caId') caId: string,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const der = await this.authorities.publishedCertificate(originOf(facts), caId);
    reply.type(CERTIFICATE).headers({
      'Cache-Control': `public, max-age=${CERTIFICATE_MAX_AGE_SECONDS}`,
      ETag: contentTag(der),
    });
    return der;
  }

  @Get('crl')
  @ReadableFromBrowsers()
  @ApiParam({ name: 'caId', description: 'Id of the authority' })
  @ApiOperation({ summary: 'Download the revocation list of an authority' })
  @ApiOkResponse({ description: 'DER', content: binary(CRL) })
  @Fails(authorityErrors.PKI_UNAVAILABLE)
  async getCrl(
    @Param('caId') caId: string,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const { der, number, thisUpdate } = await this.crls.current(originOf(facts), caId);
    const modified = lastModified(thisUpdate, this.clock.now());
    reply.type(CRL).headers({
      'Cache-Control': `public, max-age=${CRL_MAX_AGE_SECONDS}, must-revalidate`,
      ETag: entityTag(number),
      ...(modified === undefined ? {} : { 'Last-Modified': modified }),
    });
    return der;
  }

  @Post('ocsp')
  @ReadableFromBrowsers()
  @HttpCode(200)
  @ApiParam({ name: 'caId', description: 'Id of the authority' })
  @ApiOperation({ summary: 'Request the status of certificates (RFC 6960)' })
  @ApiConsumes(OCSP_REQUEST)
  @ApiBody({ description: 'OCSPRequest, DER', schema: BYTES })
  @ApiOkResponse({ description: 'OCSPResponse, DER', content: binary(OCSP_RESPONSE) })
  @Fails(...SIGNING_RESPONSES)
  async askStatus(
    @Param('caId') caId: string,
    @Body() request: unknown,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    // JSON is read here, too, because it is everywhere; a request for a status it is not.
    if (!Buffer.isBuffer(request)) throw coreErrors.UNSUPPORTED_MEDIA_TYPE();
    return present(reply, await this.responder.answer(originOf(facts), caId, request));
  }

  @Get('ocsp/:request')
  @ReadableFromBrowsers()
  @ApiParam({ name: 'caId', description: 'Id of the authority' })
  @ApiParam({ name: 'request', description: 'OCSPRequest, DER in Base64, percent-encoded (RFC 6960 appendix A.1)' })
  @ApiOperation({ summary: 'Request the status of certificates with GET (cacheable)' })
  @ApiOkResponse({ description: 'OCSPResponse, DER', content: binary(OCSP_RESPONSE) })
  @Fails(...SIGNING_RESPONSES)
  async getStatus(
    @Param('caId') caId: string,
    @Param('request') request: string,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    return this.answerPath(caId, request, facts, reply);
  }

  /**
   * The same for Base64 whose slashes are not encoded, or were decoded on the way. Reverse proxies and many clients send
   * it so; the document has the form of the standard.
   */
  @Get('ocsp/*')
  @ReadableFromBrowsers()
  @ApiExcludeEndpoint()
  async getStatusOfUnencoded(
    @Param('caId') caId: string,
    @Param('*') request: string,
    @Facts() facts: RequestFacts,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    return this.answerPath(caId, request, facts, reply);
  }

  private async answerPath(caId: string, path: string, facts: RequestFacts, reply: FastifyReply): Promise<Buffer> {
    const der = ocspRequestFromPath(path) ?? Buffer.alloc(0);
    return present(reply, await this.responder.answer(originOf(facts), caId, der));
  }
}

const originOf = (facts: RequestFacts): Origin => ({ ...systemOrigin('pki'), ...facts });

/** Responses to requests with a nonce, and errors, must not be cached. */
function present(reply: FastifyReply, { der, cacheableUntil }: OcspReply): Buffer {
  const cache = cacheableUntil !== undefined ? `public, max-age=${OCSP_MAX_AGE_SECONDS}, must-revalidate` : 'no-store';
  reply.type(OCSP_RESPONSE).header('Cache-Control', cache);
  return der;
}
