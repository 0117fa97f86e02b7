import { Controller, Get, Logger, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiResponse, ApiTags } from '../http/api-declarations.js';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { type ErrorKind, type Origin, type Page, type TenantScope, systemOrigin } from '#core';
import {
  PUBLIC_CALLER,
  PublicProfiles,
  Signing,
  TokenProfiles,
  TokenTransactions,
  profileErrors,
  transactionErrors,
} from '#signing';

import { presentPage } from '../admin/page.contract.js';
import type { GrantedService } from '../callers.js';
import { Answers } from '../http/answers.js';
import { Fails } from '../http/fails.js';
import { toDomainError } from '../http/foreign-errors.js';
import { Caller, Facts, InScope, type RequestFacts, ShownService } from '../http/in-scope.js';
import { PublicOrSignedIn, Requires } from '../http/requires.js';
import { PhoneTokenQuery, TransactionAnswer, TransactionPage, TransactionQuery } from './transactions.contract.js';
import { ofIssuing } from './token.contract.js';
import { TenantNames } from './tenant-names.js';

const FORMAT = 'telesign-app-verify';
const TEXT = 'text/plain; charset=utf-8';
const TOKEN_EXAMPLE = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhY21lIn0.c2lnbmF0dXJl';

const Phone = (): MethodDecorator =>
  ApiParam({ name: 'phone', description: '7 to 15 digits, with or without `+`', example: '+4915112345678' });
const Xid = (): MethodDecorator =>
  ApiParam({ name: 'xid', description: 'Id of the transaction', example: 'order-4711' });
const BareToken = (): MethodDecorator =>
  ApiOkResponse({
    description: 'The bare token',
    content: { 'text/plain': { schema: { type: 'string', example: TOKEN_EXAMPLE } } },
  });
/** What the document's sample calls failure: everything that is not the caller's mistake. */
const EmptyFailure = (): MethodDecorator =>
  ApiResponse({
    status: 500,
    description: 'Internal error; the body is empty unless JSON is requested',
    content: { 'text/plain': { schema: { type: 'string', example: '' } } },
  }) as MethodDecorator;
const Refusals = (): MethodDecorator =>
  Fails(...ofIssuing, profileErrors.AMBIGUOUS_PROFILE, transactionErrors.XID_IN_USE);

const FAULTS: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['internal', 'unavailable']);

/** The JWT service of TeleSign App Verify, as its document shows it, and the transactions that it keeps. */
@Controller('v1')
@ApiTags('TeleSign App Verify')
@Requires('tokens:sign')
export class TransactionsController {
  private readonly logger = new Logger(TransactionsController.name);

  constructor(
    private readonly signing: Signing,
    private readonly profiles: TokenProfiles,
    private readonly transactions: TokenTransactions,
    private readonly publicProfiles: PublicProfiles,
    private readonly tenants: TenantNames,
  ) {}

  /** With the credential of a service or, where a profile permits it, without one from its networks. */
  @Get('token/:phone')
  @PublicOrSignedIn('tokens:sign')
  @Phone()
  @ApiOperation({ operationId: 'getPhoneToken', summary: 'Issue a token for a phone number with a new transaction id' })
  @BareToken()
  @EmptyFailure()
  @Refusals()
  async getToken(
    @ShownService() service: ShownService | undefined,
    @Facts() facts: RequestFacts,
    @Param('phone') phoneNumber: string,
    @Query() query: PhoneTokenQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.answer(request, reply, () => this.token(service, facts, query, { phoneNumber }));
  }

  @Get('token/:phone/:xid')
  @PublicOrSignedIn('tokens:sign')
  @Phone()
  @Xid()
  @ApiOperation({
    operationId: 'getTransactionToken',
    summary: 'Get the token of a transaction; it stays the same until it expires',
  })
  @BareToken()
  @EmptyFailure()
  @Refusals()
  async getTransactionToken(
    @ShownService() service: ShownService | undefined,
    @Facts() facts: RequestFacts,
    @Param('phone') phoneNumber: string,
    @Param('xid') xid: string,
    @Query() query: PhoneTokenQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return this.answer(request, reply, () => this.token(service, facts, query, { phoneNumber, xid }));
  }

  @Get('transactions/:xid')
  @Xid()
  @ApiOperation({
    operationId: 'getTransaction',
    summary: 'Read a transaction, with its token until the token expires',
  })
  @Answers(200, TransactionAnswer, 'The transaction')
  async getTransaction(
    @InScope() scope: TenantScope,
    @Caller() { profiles }: GrantedService,
    @Param('xid') xid: string,
  ): Promise<TransactionAnswer> {
    return TransactionAnswer.of(await this.transactions.get(scope, profiles, xid));
  }

  @Get('transactions')
  @ApiOperation({ operationId: 'listTransactions', summary: 'List the transactions of a phone number' })
  @Answers(200, TransactionPage, 'One page, oldest first')
  async listTransactions(
    @InScope() scope: TenantScope,
    @Caller() { profiles }: GrantedService,
    @Query() query: TransactionQuery,
  ): Promise<Page<TransactionAnswer>> {
    const found = await this.transactions.ofPhone(scope, profiles, TransactionQuery.phoneNumber(query), query);
    return presentPage(found, (transaction) => TransactionAnswer.of(transaction));
  }

  private async token(
    service: ShownService | undefined,
    facts: RequestFacts,
    { profile, tenant }: PhoneTokenQuery,
    input: { readonly phoneNumber: string; readonly xid?: string },
  ): Promise<string> {
    if (service) {
      const { profiles } = service.principal as GrantedService;
      const name = await this.profiles.nameOf(service.scope, FORMAT, profiles, profile);
      return (await this.signing.sign(service.scope, { profiles }, name, input)).token;
    }
    const origin: Origin = { ...systemOrigin(PUBLIC_CALLER), ...facts };
    const tenantId = tenant === undefined ? undefined : await this.tenants.idOf(origin, tenant);
    const found = await this.publicProfiles.find(origin, { name: profile, tenantId });
    const scope: TenantScope = { ...origin, evidence: { kind: 'tenant' }, tenantId: found.tenantId };
    // The profile itself says who may ask without a credential: that is the grant, as long as it says so.
    const caller = { profiles: [found.name], profileVersion: found.version };
    return (await this.signing.sign(scope, caller, found.name, input)).token;
  }

  /** In the vendor's terms: plain text, `Allow`, and an empty 500 for whatever is not the caller's mistake. */
  private async answer(request: FastifyRequest, reply: FastifyReply, work: () => Promise<string>): Promise<string> {
    reply.header('Allow', 'GET');
    try {
      const token = await work();
      reply.type(TEXT);
      return token;
    } catch (thrown) {
      const isFault = FAULTS.has(toDomainError(thrown).kind);
      if (!isFault || (request.headers.accept ?? '').includes('json')) throw thrown;
      this.logger.error('A token for a phone number could not be issued', thrown);
      reply.status(500).type(TEXT);
      return '';
    }
  }
}
