import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiQuery } from '../../http/api-declarations.js';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { AcmeAccounts, AcmeOrders, AcmeRequests, acmeErrors, acmeUrls } from '#acme';
import { PublicUrl } from '#config';
import { coreErrors, systemOrigin } from '#core';
import { tenantErrors } from '#tenants';

import { Answers } from '../../http/answers.js';
import { Facts, type RequestFacts } from '../../http/in-scope.js';
import { AcmeAnswers, addLink } from './acme-answers.js';
import { AcmeApi, AcmeAuthority, AcmePost } from './acme-route.js';
import { ACCOUNT_SCHEMA, DIRECTORY_SCHEMA, ORDERS_SCHEMA, directoryOf, presentAccount } from './acme.contract.js';

const { TENANT_SUSPENDED } = tenantErrors;

/** Where an ACME client begins: directory, nonces and its account (RFC 8555 §7.1 to §7.3). */
@Controller('acme/:caId')
@AcmeApi()
export class AcmeAccountsController {
  constructor(
    private readonly requests: AcmeRequests,
    private readonly accounts: AcmeAccounts,
    private readonly orders: AcmeOrders,
    private readonly answers: AcmeAnswers,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Get('directory')
  @AcmeAuthority()
  @ApiOperation({ operationId: 'getAcmeDirectory', summary: 'Read the ACME directory of an authority' })
  @ApiOkResponse({
    description: 'The addresses of all ACME resources',
    content: { 'application/json': { schema: DIRECTORY_SCHEMA } },
  })
  async getDirectory(@Param('caId') caId: string, @Facts() facts: RequestFacts) {
    return directoryOf(await this.requests.urlsOf({ ...systemOrigin('acme'), ...facts }, caId));
  }

  /** 200 for HEAD, 204 for GET (RFC 8555 §7.2). */
  @Get('new-nonce')
  @AcmeAuthority()
  @ApiOperation({ operationId: 'newAcmeNonce', summary: 'Get a nonce for the first request' })
  @Answers(204, 'The nonce is in `Replay-Nonce`')
  async newNonce(
    @Param('caId') caId: string,
    @Facts() facts: RequestFacts,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.requests.tenantOf({ ...systemOrigin('acme'), ...facts }, caId);
    await this.answers.prepare(request, reply);
    if (request.method === 'HEAD') reply.status(200);
  }

  @AcmePost('new-account', {
    id: 'newAcmeAccount',
    summary: 'Create an account, or find the account of the key',
    answer: {
      status: 201,
      description: 'The new account',
      also: { status: 200, description: 'The account that the key already has' },
      schema: ACCOUNT_SCHEMA,
    },
    fails: [
      acmeErrors.ACME_BINDING_REQUIRED,
      acmeErrors.ACME_ACCOUNT_KEY_TAKEN,
      acmeErrors.ACME_ACCOUNT_LIMIT_REACHED,
      acmeErrors.ACME_INVALID_CONTACT,
      acmeErrors.ACME_UNSUPPORTED_CONTACT,
      TENANT_SUSPENDED,
    ],
  })
  async newAccount(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const asked = await this.requests.ofKey(this.answers.callOf(request));
    const { account, isNew } = await this.accounts.create(asked);
    await this.answers.prepare(request, reply);
    reply.status(isNew ? 201 : 200).header('Location', asked.urls.account(account.id));
    return presentAccount(asked.urls, account);
  }

  @AcmePost('accounts/:acmeAccountId', {
    id: 'changeAcmeAccountByKey',
    summary: 'Read, change or deactivate the account that signs the request',
    answer: { description: 'The account', schema: ACCOUNT_SCHEMA },
    fails: [acmeErrors.ACME_INVALID_CONTACT, acmeErrors.ACME_UNSUPPORTED_CONTACT, TENANT_SUSPENDED],
  })
  async changeAccount(
    @Param('acmeAccountId') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const asked = await this.answers.ofAccount(request);
    if (asked.account.id !== id) throw acmeErrors.ACME_UNAUTHORIZED('The request is signed by another account');
    const account = await this.accounts.update(asked);
    await this.answers.prepare(request, reply);
    return presentAccount(asked.urls, account);
  }

  @AcmePost('accounts/:acmeAccountId/orders', {
    id: 'listAcmeOrdersByKey',
    summary: 'List the orders of the account that signs the request',
    answer: { description: 'One page; the next one is in `Link` with `rel="next"`', schema: ORDERS_SCHEMA },
    fails: [TENANT_SUSPENDED],
  })
  @ApiParam({ name: 'acmeAccountId', description: 'Id of the ACME account' })
  @ApiQuery({ name: 'cursor', required: false, description: 'The cursor in the link to the next page', type: String })
  async listOrders(
    @Param('acmeAccountId') id: string,
    @Query('cursor') cursor: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const asked = await this.answers.ofAccount(request, request.url);
    const { account, urls } = asked;
    if (account.id !== id) throw acmeErrors.ACME_UNAUTHORIZED('The request is signed by another account');
    if (cursor !== undefined && typeof cursor !== 'string') throw coreErrors.VALIDATION_ERROR();
    const { items, nextCursor } = await this.orders.list(asked, { cursor });
    await this.answers.prepare(request, reply);
    if (nextCursor !== null) addLink(reply, `${urls.orders(id)}?cursor=${encodeURIComponent(nextCursor)}`, 'next');
    return { orders: items.map((order) => urls.order(order.id)) };
  }

  @AcmePost('key-change', {
    id: 'changeAcmeAccountKey',
    summary: 'Replace the key of the account that signs the request',
    answer: { description: 'The account', schema: ACCOUNT_SCHEMA },
    fails: [acmeErrors.ACME_ACCOUNT_KEY_TAKEN, TENANT_SUSPENDED],
  })
  async changeKey(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const asked = await this.answers.ofAccount(request);
    const account = await this.accounts.changeKey(asked);
    await this.answers.prepare(request, reply);
    reply.header('Location', acmeUrls(this.publicUrl.current, asked.caId).account(account.id));
    return presentAccount(asked.urls, account);
  }
}
