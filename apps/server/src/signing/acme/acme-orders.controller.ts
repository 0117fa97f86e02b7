import { Controller, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { AcmeAccounts, AcmeAuthorizations, AcmeOrders, acmeErrors } from '#acme';
import { authorityErrors, certificateErrors } from '#certificates';
import { Clock, coreErrors } from '#core';
import { keyFileErrors } from '#crypto';
import { tenantErrors } from '#tenants';

import { signingInKeyStore } from '../../admin/key-store.contract.js';
import { AcmeAnswers, addLink } from './acme-answers.js';
import { AcmeApi, AcmePost } from './acme-route.js';
import {
  AUTHORIZATION_SCHEMA,
  CHALLENGE_SCHEMA,
  ORDER_SCHEMA,
  presentAuthorization,
  presentChallenge,
  presentOrder,
} from './acme.contract.js';

const { TENANT_SUSPENDED } = tenantErrors;
const { CA_NOT_USABLE } = authorityErrors;
const PEM_CHAIN = 'application/pem-certificate-chain'; // RFC 8555 §9.1
/** When a client may poll again. */
const RETRY_AFTER_SECONDS = 2;

/** Orders, authorizations, challenges and certificates (RFC 8555 §7.4, §7.5). */
@Controller('acme/:caId')
@AcmeApi()
export class AcmeOrdersController {
  constructor(
    private readonly accounts: AcmeAccounts,
    private readonly orders: AcmeOrders,
    private readonly authorizations: AcmeAuthorizations,
    private readonly answers: AcmeAnswers,
    private readonly clock: Clock,
  ) {}

  @AcmePost('new-order', {
    id: 'newAcmeOrder',
    summary: 'Order a certificate',
    answer: { status: 201, description: 'The order', schema: ORDER_SCHEMA },
    fails: [
      acmeErrors.ACME_UNSUPPORTED_IDENTIFIER,
      acmeErrors.ACME_REJECTED_IDENTIFIER,
      acmeErrors.ACME_ALREADY_REPLACED,
      acmeErrors.ACME_RATE_LIMITED,
      CA_NOT_USABLE,
      TENANT_SUSPENDED,
    ],
  })
  async newOrder(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const asked = await this.answers.ofAccount(request);
    const order = await this.orders.create(asked);
    await this.accounts.noteUse(asked);
    await this.answers.prepare(request, reply);
    reply.header('Location', asked.urls.order(order.id));
    return presentOrder(asked.urls, order);
  }

  @AcmePost('orders/:acmeOrderId', {
    id: 'getAcmeOrderByKey',
    summary: 'Read an order',
    answer: { description: 'The order', schema: ORDER_SCHEMA },
    fails: [TENANT_SUSPENDED],
  })
  async getOrder(
    @Param('acmeOrderId') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const asked = await this.answers.ofAccount(request);
    const order = await this.orders.get(asked, id);
    await this.answers.prepare(request, reply);
    if (order.state === 'pending' || order.state === 'processing') reply.header('Retry-After', RETRY_AFTER_SECONDS);
    return presentOrder(asked.urls, order);
  }

  @AcmePost('orders/:acmeOrderId/finalize', {
    id: 'finalizeAcmeOrder',
    summary: 'Send the certificate signing request of an order',
    answer: { description: 'The order with the address of its certificate', schema: ORDER_SCHEMA },
    fails: [
      acmeErrors.ACME_ORDER_NOT_READY,
      acmeErrors.ACME_BAD_CSR,
      acmeErrors.ACME_ALREADY_REPLACED,
      certificateErrors.INVALID_CSR,
      certificateErrors.POLICY_VIOLATION,
      certificateErrors.LINT_FAILED,
      certificateErrors.CERTIFICATE_REPLACED,
      keyFileErrors.WEAK_KEY,
      CA_NOT_USABLE,
      TENANT_SUSPENDED,
      coreErrors.BUSY,
      ...signingInKeyStore,
    ],
  })
  async finalize(
    @Param('acmeOrderId') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const asked = await this.answers.ofAccount(request);
    const order = await this.orders.finalize(asked, id);
    await this.answers.prepare(request, reply);
    reply.header('Location', asked.urls.order(id));
    reply.header('Location', asked.urls.order(order.id));
    return presentOrder(asked.urls, order);
  }

  @AcmePost('authorizations/:acmeAuthorizationId', {
    id: 'getAcmeAuthorization',
    summary: 'Read or deactivate an authorization',
    answer: { description: 'The authorization', schema: AUTHORIZATION_SCHEMA },
    fails: [coreErrors.WRONG_STATE, TENANT_SUSPENDED],
  })
  async getAuthorization(
    @Param('acmeAuthorizationId') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const asked = await this.answers.ofAccount(request);
    const row = await this.authorizations.getOrDeactivate(asked, id);
    await this.answers.prepare(request, reply);
    if (row.state === 'pending') reply.header('Retry-After', RETRY_AFTER_SECONDS);
    return presentAuthorization(asked.urls, row, this.clock.now());
  }

  @AcmePost('challenges/:acmeAuthorizationId/:challenge', {
    id: 'answerAcmeChallenge',
    summary: 'Read a challenge, or have it validated',
    parameters: { challenge: 'Type of the challenge, such as `http-01`' },
    answer: { description: 'The challenge', schema: CHALLENGE_SCHEMA },
    fails: [acmeErrors.ACME_RATE_LIMITED, TENANT_SUSPENDED],
  })
  async answerChallenge(
    @Param('acmeAuthorizationId') id: string,
    @Param('challenge') type: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const asked = await this.answers.ofAccount(request);
    const row = await this.authorizations.answer(asked, id, type);
    await this.answers.prepare(request, reply);
    addLink(reply, asked.urls.authorization(id), 'up');
    const shown = presentChallenge(asked.urls, row, type, this.clock.now());
    if (shown.status === 'processing') reply.header('Retry-After', RETRY_AFTER_SECONDS);
    return shown;
  }

  @AcmePost('certificates/:kid', {
    id: 'getAcmeCertificate',
    summary: 'Download the certificate of an order with its issuers',
    parameters: { kid: 'Certificate ID (`kid`)' },
    answer: {
      description: 'PEM, the certificate first',
      mediaType: PEM_CHAIN,
      schema: { type: 'string', example: '-----BEGIN CERTIFICATE-----\n...' },
    },
    fails: [TENANT_SUSPENDED],
  })
  async getCertificate(
    @Param('kid') kid: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const asked = await this.answers.ofAccount(request);
    const chain = await this.orders.certificate(asked, kid);
    await this.answers.prepare(request, reply);
    reply.type(PEM_CHAIN);
    return chain;
  }
}
