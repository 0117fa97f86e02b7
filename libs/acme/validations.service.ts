import { Resolver, lookup } from 'node:dns';
import { Resolver as PromiseResolver } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';

import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';

import { CONFIGURATION, type SettingValues } from '#config';
import {
  BACKWARD_TOLERANCE,
  type EpochMilliseconds,
  MINUTE,
  SECOND,
  endedOrGivenUp,
  platformScope,
  selfDeciding,
  systemOrigin,
} from '#core';
import { jwkThumbprint } from '#crypto';
import { Database, In, LessThanOrEqual, MoreThan, Not, type Tx, type View } from '#database';
import { LOGGER, type Logger, describeError } from '#logging';
import type { Resolve } from '#outbound';
import { tenantState } from '#tenants';

import { failOrder } from './authorizations.service.js';
import {
  ATTEMPT_MILLISECONDS_MAX,
  type ValidationPaths,
  type ValidationProblem,
  challengeKinds,
} from './challenge-kinds/index.js';
import { validationRetryDelay } from './challenges.js';
import { AcmeAccount, AcmeAuthorization, AcmeOrder } from './entities.js';
import { acmeAuthorizationLifecycle, acmeOrderLifecycle } from './lifecycle.js';
import type { acmeSettings } from './settings.js';

const SYSTEM = systemOrigin('acme-validations');

/** Validations of one process at the same time. */
const TOGETHER = 32;
/** Those of them that may belong to one tenant: slow hosts of one leave room for the others. */
const OF_TENANT_TOGETHER = 8;
/** Due rows that are read together, and how often one call reads on for those of further tenants. */
const LOOKED_AT = 500;
const PASSES = 20;
/** Due rows of one tenant that one call begins; the next one continues. */
const STARTED_OF_TENANT = 50;
/** Longer than an attempt takes: a process that was killed keeps a validation from the others for this long. */
const LEASE = ATTEMPT_MILLISECONDS_MAX + 20 * SECOND;
/** When a validation of a suspended tenant is looked at again. */
const SUSPENDED_DELAY = MINUTE;
/** A question to a DNS server, and how often it is asked. */
const DNS = { timeout: 2_000, tries: 2 };

type Due = Pick<AcmeAuthorization, 'id' | 'tenantId'>;

/** What one attempt is made with. */
interface Attempt {
  readonly lease: EpochMilliseconds;
  readonly row: AcmeAuthorization;
  readonly keyAuthorization: string;
}

/**
 * Validates the challenges that clients answered, off their requests: any process with the role `scheduler` does, each
 * challenge by itself and under a lease. An attempt that fails is made again a few times; what then is known ends the
 * authorization and its order.
 */
@Injectable()
export class AcmeValidations implements OnModuleDestroy {
  readonly #running = new Map<string, { readonly tenantId: string; readonly ended: Promise<void> }>();
  readonly #paths: ValidationPaths;
  /** As the last call read it, so that a place that becomes free can be taken by what became due meanwhile. */
  #due: Due[] = [];
  #stopped = false;

  constructor(
    private readonly database: Database,
    @Inject(CONFIGURATION) configuration: SettingValues<typeof acmeSettings>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#paths = pathsOf(configuration);
  }

  /** Begins what is due, as far as this process has room, and waits for that. May be called again meanwhile. */
  async validateDue(): Promise<void> {
    this.#due = await this.due();
    const room = Math.max(TOGETHER - this.#running.size, 0);
    const oneAfterTheOther = async (): Promise<void> => {
      for (let next = this.takeNext(); next !== undefined && !this.#stopped; next = this.takeNext()) {
        await this.begin(next);
      }
    };
    await Promise.all(Array.from({ length: room }, oneAfterTheOther));
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    await endedOrGivenUp([...this.#running.values()].map(({ ended }) => ended));
  }

  /** What is due and not leased, of each tenant that has room: a backlog of one hides nothing of the others. */
  private async due(): Promise<Due[]> {
    return this.database.readPlatform(platformScope(SYSTEM), async (view) => {
      const due: Due[] = [];
      const full = [...this.countByTenant()].filter(([, count]) => count >= OF_TENANT_TOGETHER);
      const seen = new Set(full.map(([tenantId]) => tenantId));
      for (let pass = 0; pass < PASSES; pass += 1) {
        const rows = await readDue(view, seen);
        const byTenant = Map.groupBy(rows, ({ tenantId }) => tenantId);
        due.push(...[...byTenant.values()].flatMap((own) => own.slice(0, STARTED_OF_TENANT)));
        if (rows.length < LOOKED_AT) break;
        for (const tenantId of byTenant.keys()) seen.add(tenantId);
      }
      return due;
    });
  }

  /** Takes the next that is due: of the tenant that has the fewest of those that run, if it has room. */
  private takeNext(): Due | undefined {
    const counts = this.countByTenant();
    const countOf = ({ tenantId }: Due): number => counts.get(tenantId) ?? 0;
    const startable = this.#due.filter((row) => !this.#running.has(row.id) && countOf(row) < OF_TENANT_TOGETHER);
    const fewest = startable.reduce((least, row) => Math.min(least, countOf(row)), OF_TENANT_TOGETHER);
    const next = startable.find((row) => countOf(row) === fewest);
    if (next) this.#due.splice(this.#due.indexOf(next), 1);
    return next;
  }

  private countByTenant(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { tenantId } of this.#running.values()) counts.set(tenantId, (counts.get(tenantId) ?? 0) + 1);
    return counts;
  }

  private begin({ id, tenantId }: Due): Promise<void> {
    const ended = this.validate(id, tenantId)
      .catch((error: unknown) => {
        this.logger.error({ authorizationId: id, error: describeError(error) }, 'A challenge could not be validated');
      })
      .finally(() => this.#running.delete(id));
    this.#running.set(id, { tenantId, ended });
    return ended;
  }

  private async validate(id: string, tenantId: string): Promise<void> {
    const attempt = await this.prepare(id, tenantId);
    if (!attempt) return;
    await this.note(id, tenantId, attempt.lease, await this.attempted(attempt));
  }

  /** What became of an attempt. One that fails by a fault of this server counts too: else it would be made without end. */
  private async attempted({ row, keyAuthorization }: Attempt): Promise<ValidationProblem | undefined> {
    const { id: authorizationId, name, token } = row;
    try {
      return await challengeKinds[row.challenge!].validate({ name, token, keyAuthorization }, this.#paths);
    } catch (error) {
      this.logger.error({ authorizationId, error: describeError(error) }, 'The validation of a challenge failed');
      return { problem: 'serverInternal', detail: 'The server could not validate the challenge' };
    }
  }

  /** Takes the lease; nothing where another process has it, or where there is nothing to validate any more. */
  private async prepare(id: string, tenantId: string): Promise<Attempt | undefined> {
    return this.database.transaction(selfDeciding({ ...SYSTEM, tenantId }), async (tx) => {
      tx.housekeeping('leases of validations: what becomes of them is recorded');
      const row = await tx.lockIfPresent(AcmeAuthorization, { id });
      if (!row || row.dueAt === null || row.dueAt > tx.now || isLeased(row.leasedUntil, tx.now)) return undefined;
      const state = await tenantState(tx, tenantId);
      if (state === 'suspended') {
        await tx.note(AcmeAuthorization, { id }, { dueAt: tx.now + SUSPENDED_DELAY });
        return undefined;
      }
      const account = await tx.findOne(AcmeAccount, { id: row.accountId, state: 'valid' });
      const isOpen = acmeAuthorizationLifecycle.stateAt(row, tx.now) === 'pending';
      if (state === 'deleted' || !account || !isOpen) {
        await tx.note(AcmeAuthorization, { id }, { dueAt: null });
        return undefined;
      }
      const lease = tx.now + LEASE;
      await tx.note(AcmeAuthorization, { id }, { leasedUntil: lease });
      return { lease, row, keyAuthorization: `${row.token}.${jwkThumbprint(account.publicKey)}` };
    });
  }

  private async note(
    id: string,
    tenantId: string,
    lease: EpochMilliseconds,
    problem: ValidationProblem | undefined,
  ): Promise<void> {
    await this.database.transaction(selfDeciding({ ...SYSTEM, tenantId }), async (tx) => {
      tx.housekeeping('attempts of validations: what becomes of them is recorded');
      const found = await tx.findOne(AcmeAuthorization, { id });
      const order = found && (await tx.lockIfPresent(AcmeOrder, { id: found.orderId }));
      const row = await tx.lockIfPresent(AcmeAuthorization, { id, leasedUntil: lease });
      if (!order || !row || acmeAuthorizationLifecycle.stateAt(row, tx.now) !== 'pending') return;
      await noteOutcome(tx, order, row, problem);
    });
  }
}

/** A step: what is due and not leased, oldest first. @param except tenants of which nothing is read */
const readDue = (view: View, except: ReadonlySet<string>): Promise<Due[]> =>
  view.find(
    AcmeAuthorization,
    [LessThanOrEqual(view.now), MoreThan(leaseEndMax(view.now))].map((leasedUntil) => ({
      dueAt: LessThanOrEqual(view.now),
      leasedUntil,
      ...(except.size === 0 ? {} : { tenantId: Not(In([...except])) }),
    })),
    { order: { dueAt: 'ASC', id: 'ASC' }, limit: LOOKED_AT, columns: ['id', 'tenantId'] },
  );

/** A step: what became of an attempt. @param order and row locked */
async function noteOutcome(
  tx: Tx,
  order: AcmeOrder,
  row: AcmeAuthorization,
  problem: ValidationProblem | undefined,
): Promise<void> {
  const { event } = acmeAuthorizationLifecycle;
  const attempts = row.attempts + 1;
  const set = {
    attempts,
    leasedUntil: 0,
    dueAt: null,
    problem: problem?.problem ?? null,
    problemDetail: problem?.detail ?? null,
  };
  if (problem === undefined) {
    await tx.transition(AcmeAuthorization, row, event.validate, { set: { ...set, validatedAt: tx.now } });
    await authorizeOrder(tx, order);
    return;
  }
  const delay = validationRetryDelay(attempts);
  if (delay !== undefined) {
    await tx.note(AcmeAuthorization, { id: row.id }, { ...set, dueAt: tx.now + delay });
    return;
  }
  const content = { outcome: 'failed' as const, details: { problem: problem.problem } };
  await tx.transition(AcmeAuthorization, row, event.fail, { set, content });
  await failOrder(tx, order);
}

/** A step: the order is ready once each of its authorizations is valid. */
async function authorizeOrder(tx: Tx, order: AcmeOrder): Promise<void> {
  const rows = await tx.find(AcmeAuthorization, { orderId: order.id });
  const areValid = rows.every((row) => acmeAuthorizationLifecycle.stateAt(row, tx.now) === 'valid');
  const isPending = acmeOrderLifecycle.stateAt(order, tx.now) === 'pending';
  if (areValid && isPending) await tx.transition(AcmeOrder, order, acmeOrderLifecycle.event.authorize);
}

/** A lease that ends later than this was taken while the clock was ahead. */
const leaseEndMax = (now: EpochMilliseconds): EpochMilliseconds => now + LEASE + BACKWARD_TOLERANCE;

const isLeased = (leasedUntil: EpochMilliseconds, now: EpochMilliseconds): boolean =>
  leasedUntil > now && leasedUntil <= leaseEndMax(now);

/** Where an installation looks for what clients prove. */
function pathsOf(configuration: SettingValues<typeof acmeSettings>): ValidationPaths {
  const { acmeNetworks: networks, acmeHttpPort: httpPort, acmeResolvers: servers } = configuration;
  return {
    networks,
    httpPort,
    withinMilliseconds: ATTEMPT_MILLISECONDS_MAX,
    resolve: servers.length === 0 ? lookup : resolverOf(servers),
    texts: async (name) => {
      const resolver = new PromiseResolver(DNS);
      if (servers.length > 0) resolver.setServers([...servers]);
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    },
  };
}

/** Addresses of a host by the servers that are configured; IPv4 before IPv6. */
const resolverOf =
  (servers: readonly string[]): Resolve =>
  (host, _options, callback) => {
    const resolver = new Resolver(DNS);
    resolver.setServers([...servers]);
    resolver.resolve4(host, (error, addresses = []) => {
      const found: LookupAddress[] = addresses.map((address) => ({ address, family: 4 }));
      resolver.resolve6(host, (otherError, others = []) => {
        found.push(...others.map((address): LookupAddress => ({ address, family: 6 })));
        callback(found.length > 0 ? null : (error ?? otherError), found);
      });
    });
  };
