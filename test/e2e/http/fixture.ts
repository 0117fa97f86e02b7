import { connect } from 'node:net';
import { Body, Controller, Get, HttpCode, Injectable, Module, Param, Patch, Post, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
} from '../../../apps/server/src/http/api-declarations.js';
import {
  coreErrors,
  Counters,
  type DomainError,
  INSTALLATION_ID,
  ManualClock,
  type Origin,
  type PlatformScope,
  type TenantScope,
  WindowCounters,
} from '#core';
import { type Committed, type SeenVersions, committed, completionOf, requireVersion } from '#database';
import { idempotencyErrors } from '#idempotency';
import { createLogger } from '#logging';
import { IfMatch } from '../../../apps/server/src/http/entity-tag.js';
import { AnswerTimes } from '../../../apps/server/src/http/answer-log.js';
import { Drain } from '../../../apps/server/src/http/drain.js';
import { Fails } from '../../../apps/server/src/http/fails.js';
import {
  Choice,
  Email,
  Flag,
  Identifier,
  Instant,
  Items,
  JsonObject,
  Nested,
  PasswordField,
  Text,
  WholeNumber,
} from '../../../apps/server/src/http/fields.js';
import { HttpModule } from '../../../apps/server/src/http/http.module.js';
import { type KeyClaim, type StoredAnswer, answerOnce } from '../../../apps/server/src/http/answer-once.js';
import { type Claimant, IdempotencyStore, NotStored } from '../../../apps/server/src/http/idempotency.guard.js';
import { Caller, Facts, InScope, OnPlatform, type RequestFacts } from '../../../apps/server/src/http/in-scope.js';
import {
  type Audience,
  CallerIdentification,
  PermissionPolicy,
  type Principal,
  type ServicePrincipal,
  type UserPrincipal,
} from '../../../apps/server/src/http/principal.js';
import { ProblemForms } from '../../../apps/server/src/http/problem-forms.js';
import { type RateLimitPolicy, RateLimited } from '../../../apps/server/src/http/rate-limit.js';
import { type RefusedRequest, RefusalLog } from '../../../apps/server/src/http/refusal-log.js';
import { Public, Requires } from '../../../apps/server/src/http/requires.js';
import type { ServerLimits } from '../../../apps/server/src/http/server-limits.js';
import { applicationOptions, configureHttp, createAdapter } from '../../../apps/server/src/http/server.js';

/** Every kind of field once, so that each is met over the wire. */
export class Owner {
  @Email({ description: 'Where to write to' }) email: string;
  @PasswordField({ description: 'What to sign in with', optional: true }) password?: string;
}

export class NewThing {
  @Text({ max: 20, pattern: /^[a-z-]+$/, description: 'Name', example: 'a-thing' }) name: string;
  @Nested(() => Owner, { description: 'Whose it is', optional: true }) owner?: Owner;
  @Choice(['red', 'green'], { description: 'Colour', optional: true }) colour?: string;
  @WholeNumber({ min: 1, max: 10, description: 'How many', example: 3, optional: true }) count?: number;
  @Flag({ description: 'Whether it shines', optional: true }) shiny?: boolean;
  @Instant({ description: 'When it ends', optional: true, nullable: true }) expiresAt?: number | null;
  @Identifier({ description: 'What it belongs to', optional: true }) parentId?: string;
  @Items(Text({ max: 8 }), { maxItems: 3, unique: true, description: 'Tags', example: ['new'], optional: true })
  tags?: string[];
  @Items(Nested(() => Owner), { maxItems: 2, description: 'Who else', optional: true }) others?: Owner[];
  @JsonObject({ maxBytes: 100, description: 'Anything', example: { a: 1 }, optional: true })
  claims?: Record<string, unknown>;
}

export class Thing {
  @Identifier({ description: 'Its id' }) id: string;
  @Text({ description: 'Its name', example: 'a-thing' }) name: string;
  @WholeNumber({ description: 'Its version', example: 1 }) version: number;
}

export class ThingQuery {
  @WholeNumber({ min: 1, max: 200, description: 'Page size', example: 50, optional: true }) limit?: number;
  @Flag({ description: 'Only say what would happen', optional: true }) dryRun?: boolean;
  @Instant({ description: 'Not older than', optional: true }) from?: number;
}

export const THING = { id: '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47', name: 'a-thing', version: 3 };
export const LEAK = 'csk_neverToBeSeenAnywhere';

/** A failure as a database library raises it: statement, bind parameters and row values in plain sight. */
class FailedStatement extends Error {
  override readonly name = 'QueryFailedError';
  readonly driverError = Object.assign(new Error('duplicate'), { code: 'ER_DUP_ENTRY' });
  readonly query = `INSERT INTO secrets VALUES (?)`;
  readonly parameters = [LEAK];
  constructor() {
    super(`Duplicate entry '${LEAK}' for key 'name'`);
  }
}

@Controller('v1/tenants/:tenantId/things')
@Requires('things:write')
export class ThingController {
  private made = 0;

  @Get()
  @ApiOperation({ summary: 'Lists things' })
  @ApiOkResponse({ type: [Thing], description: 'The things' })
  listThings(@Query() query: ThingQuery, @InScope() scope: TenantScope) {
    return { query, tenantId: scope.tenantId, actor: scope.actor };
  }

  @Get(':thingId')
  @ApiOperation({ summary: 'Reads a thing' })
  @ApiOkResponse({ type: Thing, description: 'The thing' })
  getThing(@Param('thingId') id: string) {
    if (id === 'absent') throw coreErrors.NOT_FOUND();
    return THING;
  }

  @Post()
  @ApiOperation({ summary: 'Makes a thing' })
  @ApiCreatedResponse({ type: Thing, description: 'The new thing' })
  @Fails(coreErrors.WRONG_STATE)
  createThing(@Body() body: NewThing, @InScope() scope: TenantScope) {
    if (body.name === 'taken') throw coreErrors.WRONG_STATE({ extensions: { existingId: THING.id, status: 1 } });
    this.made += 1;
    return answerOnce(scope, asItIs, () => inTransaction(scope, { ...THING, ...body, made: this.made }));
  }

  @Post(':thingId/poke')
  @HttpCode(204)
  @ApiOperation({ summary: 'Pokes a thing' })
  @ApiNoContentResponse({ description: 'Poked' })
  pokeThing(@InScope() scope: TenantScope) {
    return answerOnce(scope, asItIs, () => inTransaction(scope, undefined));
  }

  @Patch(':thingId')
  @ApiOperation({ summary: 'Changes a thing' })
  @ApiOkResponse({ type: Thing, description: 'The thing' })
  changeThing(@IfMatch() ifMatch: SeenVersions | undefined) {
    requireVersion(THING, ifMatch);
    return { ...THING, version: THING.version + 1 };
  }
}

@Controller('v1')
export class OtherController {
  @Get('platform')
  @Requires('platform:read')
  @ApiOperation({ summary: 'Reads the platform' })
  @ApiOkResponse({ description: 'The scope', schema: { example: {} } })
  readPlatform(@OnPlatform() scope: PlatformScope) {
    return scope;
  }

  @Get('me')
  @Requires('self')
  @ApiOperation({ summary: 'Reads the caller' })
  @ApiOkResponse({ description: 'The caller', schema: { example: {} } })
  me(@Caller() caller: Principal, @OnPlatform() origin: PlatformScope) {
    return { caller, origin };
  }

  @Post('sign')
  @Requires('sign')
  @ApiOperation({ summary: 'Signs' })
  @ApiCreatedResponse({ description: 'The scope', schema: { example: {} } })
  sign(@InScope() scope: TenantScope) {
    return answerOnce(scope, asItIs, () => inTransaction(scope, scope));
  }

  @NotStored()
  @Post('ask')
  @Requires('sign')
  @ApiOperation({ summary: 'Asks' })
  @ApiCreatedResponse({ description: 'The scope', schema: { example: {} } })
  ask(@InScope() scope: TenantScope) {
    return scope;
  }

  @Get('facts')
  @Public()
  @ApiOperation({ summary: 'Facts' })
  @ApiOkResponse({ description: 'Facts', schema: { example: {} } })
  facts(@Facts() facts: RequestFacts) {
    return facts;
  }

  @Post('login')
  @Public()
  @RateLimited('login')
  @ApiOperation({ summary: 'Signs in' })
  @ApiCreatedResponse({ description: 'Nothing', schema: { example: {} } })
  login() {
    return {};
  }

  @Get('broken')
  @Public()
  @ApiOperation({ summary: 'Breaks' })
  @ApiOkResponse({ description: 'Never', schema: { example: {} } })
  broken() {
    throw new Error('outer', { cause: new FailedStatement() });
  }

  @Get('broken/internally')
  @Public()
  @ApiOperation({ summary: 'Breaks' })
  @ApiOkResponse({ description: 'Never', schema: { example: {} } })
  brokenInternally() {
    throw coreErrors.INTERNAL_ERROR({ detail: 'internal words', extensions: { internal: LEAK } });
  }
}

export const TENANT = '0198d7c4-0000-7000-8000-000000000001';
export const USER: UserPrincipal = {
  kind: 'user',
  userId: '0198d7c4-0000-7000-8000-0000000000aa',
  email: 'ada@example.com',
  sessionId: '0198d7c4-0000-7000-8000-0000000000bb',
  platformAdmin: false,
};
export const SERVICE: ServicePrincipal = {
  kind: 'service',
  tenantId: TENANT,
  serviceId: '0198d7c4-0000-7000-8000-0000000000cc',
  serviceName: 'billing',
  credentialId: '0198d7c4-0000-7000-8000-0000000000dd',
  authType: 'service_key',
};

@Injectable()
class FixtureCallers extends CallerIdentification {
  async user({ authorization }: { authorization?: string }) {
    if (authorization !== 'Bearer ada') throw coreErrors.CREDENTIALS_REQUIRED('not ada');
    return USER;
  }

  async service({ serviceKey }: { serviceKey?: string }) {
    if (serviceKey !== 'csk_fixture') throw coreErrors.CREDENTIALS_REQUIRED('not the key');
    return SERVICE;
  }

  async tenantScope(_principal: Principal, tenant: string, _permission: string, origin: Origin): Promise<TenantScope> {
    if (tenant === 'forbidden') throw coreErrors.FORBIDDEN();
    if (tenant !== 'acme' && tenant !== TENANT) throw coreErrors.NOT_FOUND();
    return { ...origin, tenantId: TENANT };
  }

  async platformScope(_principal: Principal, _permission: string, origin: Origin): Promise<PlatformScope> {
    return { ...origin, tenantId: INSTALLATION_ID };
  }
}

const AUDIENCES: Readonly<Record<string, Audience>> = {
  'things:write': 'tenant-user',
  'platform:read': 'platform-user',
  self: 'user',
  sign: 'service',
};

@Injectable()
class FixturePolicy extends PermissionPolicy {
  audience(permission: string): Audience {
    return AUDIENCES[permission]!;
  }

  errorsOf() {
    return [coreErrors.CREDENTIALS_REQUIRED, coreErrors.INVALID_CREDENTIALS, coreErrors.FORBIDDEN];
  }
}

@Injectable()
export class FixtureRefusals extends RefusalLog {
  readonly recorded: { request: RefusedRequest; code: string }[] = [];
  failing = false;

  async record(request: RefusedRequest, error: DomainError): Promise<void> {
    if (this.failing) throw new Error('the history is not writable');
    this.recorded.push({ request, code: error.code });
  }
}

@Injectable()
export class FixtureIdempotency extends IdempotencyStore {
  readonly stored = new Map<string, { hash: string; answer?: StoredAnswer }>();
  failing = false;

  async claim({ scope }: Claimant, key: string, hash: string) {
    const name = `${scope.tenantId}:${key}`;
    const row = this.stored.get(name);
    if (row === undefined) {
      this.stored.set(name, { hash });
      return { claim: this.claimOf(name) };
    }
    if (row.hash !== hash) throw idempotencyErrors.IDEMPOTENCY_KEY_REUSED();
    if (row.answer === undefined) throw idempotencyErrors.IDEMPOTENCY_KEY_IN_USE();
    return { answer: row.answer };
  }

  async reserve() {
    return undefined;
  }

  async reopen(): Promise<string[]> {
    throw new Error('no answer of the fixture holds a secret');
  }

  private claimOf(name: string): KeyClaim {
    return {
      complete: async (_tx, answer) => {
        if (this.failing) throw new Error('the store is not writable');
        this.stored.get(name)!.answer = answer;
      },
      finish: () => undefined,
      release: async () => {
        if (this.stored.get(name)?.answer === undefined) this.stored.delete(name);
      },
    };
  }
}

/** What a transaction does with the result of its work. */
const inTransaction = <T>(scope: TenantScope, result: T): Promise<Committed<T>> =>
  committed(Promise.resolve(completionOf(scope)?.complete(undefined as never, result)).then(() => result));
const asItIs = <T>(result: T): T => result;

const PORTS = [
  { provide: CallerIdentification, useClass: FixtureCallers },
  { provide: PermissionPolicy, useClass: FixturePolicy },
  { provide: RefusalLog, useClass: FixtureRefusals },
  { provide: IdempotencyStore, useClass: FixtureIdempotency },
];

@Module({ providers: PORTS, exports: PORTS })
class FixturePorts {}

export interface Fixture {
  readonly app: NestFastifyApplication;
  readonly clock: ManualClock;
  readonly log: string[];
  readonly refusals: FixtureRefusals;
  readonly idempotency: FixtureIdempotency;
  readonly port: number;
  /** Writes to a bare socket and gives back everything until the server closes it. */
  raw(text: string): Promise<string>;
  /** Sends bytes on a new connection, and cuts it off. */
  cutOff(text: string): Promise<void>;
}

/** Where the shell counts. */
class FixtureCounters {}

/** Starts the shell around a few routes that exist only here, on a free port. */
export async function startFixture(
  options: {
    quotas?: Partial<Record<RateLimitPolicy, number>>;
    trustedProxies?: string[];
    limits?: Partial<ServerLimits>;
    controllers?: (new (...dependencies: never[]) => object)[];
  } = {},
): Promise<Fixture> {
  const log: string[] = [];
  const clock = new ManualClock();
  const http = {
    logger: createLogger('info', { write: (line) => log.push(line) }),
    trustedProxies: options.trustedProxies ?? [],
    limits: options.limits ?? {},
    drain: new Drain(),
    times: new AnswerTimes(),
    forms: new ProblemForms(),
    version: '0.0.0',
  };
  const countersModule = {
    module: FixtureCounters,
    providers: [{ provide: Counters, useValue: new WindowCounters(clock) }],
    exports: [Counters],
  };
  @Module({
    imports: [
      HttpModule.register({
        imports: [FixturePorts, countersModule],
        logger: http.logger,
        times: http.times,
        forms: http.forms,
        quotas: options.quotas,
      }),
    ],
    controllers: options.controllers ?? [ThingController, OtherController],
  })
  class FixtureModule {}

  const app = await NestFactory.create<NestFastifyApplication>(
    FixtureModule,
    createAdapter(http),
    applicationOptions(http),
  );
  await configureHttp(app, http);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  return {
    app,
    clock,
    log,
    port,
    refusals: app.get(RefusalLog, { strict: false }),
    idempotency: app.get(IdempotencyStore, { strict: false }),
    raw: (text) =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(text));
        let answer = '';
        socket.setEncoding('latin1');
        socket.on('data', (chunk) => (answer += String(chunk)));
        socket.on('close', () => resolve(answer));
        socket.on('error', reject);
      }),
    cutOff: (text) =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(text));
        socket.on('error', reject).on('close', () => resolve());
        // Once the request is read: what is cut off before never arrives.
        app.getHttpServer().once('request', () => setImmediate(() => socket.destroy()));
      }),
  };
}
