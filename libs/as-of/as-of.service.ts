import { Injectable } from '@nestjs/common';

import { EventReader, HistoryStates, historyErased, readAtBorder, recordedEvents, recordedEventsAbout } from '#audit';
import {
  type Begun,
  type EpochMilliseconds,
  type MissingValues,
  type Page,
  type PageRequest,
  type Projection,
  type Rebuilt,
  type TenantScope,
  actionsOf,
  coreErrors,
  encodeCursor,
  pageLimit,
  rebuild,
} from '#core';
import { Database, type View } from '#database';
import { signingKidOf } from '#keys';
import type { CredentialAsOf, ServiceAsOf, TrustAsOf } from '#service-keys';
import { type TokenProfileAsOf, isGranted } from '#signing';
import type { TenantAsOf } from '#tenants';

import { type AsOfKind, type RebuiltKind, projections } from './projections.js';

/** Each row with whether its events have all values, and if not, why. */
export type Complete<Row> = Row & { readonly isComplete: boolean; readonly missing: readonly MissingValues[] };
type RowOf<Kind extends RebuiltKind> = (typeof projections)[Kind] extends Projection<infer Row> ? Row : never;
type AsOfPages = { readonly [Kind in AsOfKind]?: Page<Complete<RowOf<Kind>>> };

/** A credential or a trust by which tokens could be asked for. */
interface PossibleSigner {
  readonly service: ServiceAsOf;
  readonly by: CredentialAsOf | TrustAsOf;
}

/** Why no caller could have a token signed by a profile. */
export const refusals = ['NOT_FOUND', 'TENANT_SUSPENDED', 'KEY_NOT_USABLE'] as const;
export type Refusal = (typeof refusals)[number];

/** Who could sign with a token profile. */
interface PossibleSigners {
  /** Why no token could be signed by any caller; `undefined` where some could. */
  readonly refusal: Refusal | undefined;
  readonly profile: TokenProfileAsOf | undefined;
  /** What the tokens named as their key. */
  readonly kid: string | undefined;
  readonly signers: Page<PossibleSigner>;
}

const NONE = { items: [], nextCursor: null };

/**
 * What a tenant had at an instant, rebuilt from its history alone: the tables of the present are not asked, so that what it
 * says can be compared with them, and verified by the events.
 */
@Injectable()
export class AsOf {
  constructor(
    private readonly database: Database,
    private readonly events: EventReader,
    private readonly states: HistoryStates,
  ) {}

  /**
   * Pages of what there was, in the order of creation. What had been deleted, destroyed or removed by then is not in them, so
   * that a page may have fewer items than `limit` and still be followed by another one.
   * @param at epoch milliseconds; now where absent
   * @param kinds of things; all of them where absent
   * @throws VALIDATION_ERROR for an instant in the future, HISTORY_ERASED for one that events which are erased would say of
   */
  async pages(
    scope: TenantScope,
    at: EpochMilliseconds | undefined,
    kinds: readonly AsOfKind[],
    page: PageRequest,
  ): Promise<{ readonly at: EpochMilliseconds; readonly tenant: TenantAsOf | undefined; readonly pages: AsOfPages }> {
    return this.inPast(scope, at, async (past) => {
      const pages: Record<string, Page<object>> = {};
      for (const kind of kinds) pages[kind] = await past.things(kind, page);
      return { at: past.at, tenant: await past.tenant(), pages: pages as AsOfPages };
    });
  }

  /**
   * Who could have a token signed by a profile, and with which key. What its format asks of the request itself, such as an
   * ID token of a user, is not part of it.
   * @throws VALIDATION_ERROR for an instant in the future, HISTORY_ERASED for one that events which are erased would say of
   */
  async signers(
    scope: TenantScope,
    at: EpochMilliseconds | undefined,
    profileName: string,
    page: PageRequest,
  ): Promise<PossibleSigners & { readonly at: EpochMilliseconds }> {
    return this.inPast(scope, at, async (past) => {
      const profile = await past.profile(profileName);
      const kid = profile && (await past.kidOf(profile));
      const refusal = refusalOf({ profile, kid, tenant: await past.tenant() });
      const signers = refusal === undefined ? await past.signers(profileName, page) : NONE;
      return { at: past.at, refusal, profile, kid, signers };
    });
  }

  private inPast<T>(
    { tenantId, ...scope }: TenantScope,
    at: EpochMilliseconds | undefined,
    work: (past: Past) => Promise<T>,
  ): Promise<T> {
    return this.database.read({ tenantId, ...scope }, (view) => {
      const instant = pastInstant(view, at);
      return readAtBorder(view, tenantId, async (erased) => {
        if (erased.erasedUntil !== null && instant < erased.erasedUntil) throw historyErased(erased);
        return work(new Past(view, this.events, this.states, tenantId, instant));
      });
    });
  }
}

function refusalOf(found: {
  readonly profile: TokenProfileAsOf | undefined;
  readonly kid: string | undefined;
  readonly tenant: TenantAsOf | undefined;
}): Refusal | undefined {
  if (!found.profile) return 'NOT_FOUND';
  if (found.tenant?.state !== 'active') return 'TENANT_SUSPENDED';
  return found.kid === undefined ? 'KEY_NOT_USABLE' : undefined;
}

/** @throws VALIDATION_ERROR */
function pastInstant(view: View, at: EpochMilliseconds = view.now): EpochMilliseconds {
  if (at <= view.now) return at;
  throw coreErrors.VALIDATION_ERROR({
    errors: [{ pointer: 'at', code: 'IN_THE_FUTURE', detail: 'must not be later than now' }],
  });
}

/** The events of one tenant until an instant, and what followed from those before them that are erased. */
class Past {
  constructor(
    private readonly view: View,
    private readonly events: EventReader,
    private readonly states: HistoryStates,
    private readonly tenantId: string,
    readonly at: EpochMilliseconds,
  ) {}

  /** A page of one kind. No event says of a trust that it ended with its service. */
  async things(kind: AsOfKind, page: PageRequest): Promise<Page<object>> {
    if (kind !== 'trusts') return this.page(kind, page);
    const { items, nextCursor } = await this.page('trusts', page);
    const services = await this.servicesOf(items);
    return { items: items.filter(({ serviceId }) => services.has(serviceId)), nextCursor };
  }

  async page<Kind extends AsOfKind>(kind: Kind, page: PageRequest): Promise<Page<Complete<RowOf<Kind>>>> {
    const { items, nextCursor } = await this.begun([kind], page);
    const rows: Complete<RowOf<Kind>>[] = [];
    for (const { id, targetId } of items) {
      const rebuilt = await this.one(kind, { targetId });
      // One that began again is in the page of its latest beginning only.
      if (rebuilt?.begunBy !== id) continue;
      const { row, missing } = rebuilt;
      rows.push({ ...row, isComplete: missing.length === 0, missing });
    }
    return { items: rows, nextCursor };
  }

  async tenant(): Promise<TenantAsOf | undefined> {
    return (await this.one('tenant', { targetId: this.tenantId }))?.row;
  }

  /** The profile that had the name: a name is given again only after its profile was deleted. */
  async profile(name: string): Promise<TokenProfileAsOf | undefined> {
    let cursor: string | undefined;
    do {
      const { items, nextCursor } = await this.page('tokenProfiles', { cursor, limit: 200 });
      const found = items.find((profile) => profile.name === name);
      if (found) return found;
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
    return undefined;
  }

  /** What tokens by a profile named as their key; `undefined` where its key or its certificate was not usable. */
  async kidOf({ keyId, certificateKid }: TokenProfileAsOf): Promise<string | undefined> {
    if (keyId === null) return undefined;
    const key = await this.one('keys', { targetId: keyId });
    const kid = key && signingKidOf(key.row);
    if (kid === undefined || certificateKid === null) return kid;
    const issued = await this.one('certificates', { kid: certificateKid });
    const foreign = issued ? undefined : await this.one('foreignCertificates', { kid: certificateKid });
    return issued?.row.state === 'active' || foreign ? certificateKid : undefined;
  }

  /** Credentials and trusts, in the order of their creation. */
  async signers(profileName: string, page: PageRequest): Promise<Page<PossibleSigner>> {
    const { items, nextCursor } = await this.begun(['credentials', 'trusts'], page);
    const found: (CredentialAsOf | TrustAsOf)[] = [];
    for (const { id, targetId, kind } of items) {
      const rebuilt =
        kind === 'trusts' ? await this.one('trusts', { targetId }) : await this.one('credentials', { targetId });
      if (rebuilt?.begunBy === id && !('state' in rebuilt.row && rebuilt.row.state !== 'active'))
        found.push(rebuilt.row);
    }
    const services = await this.servicesOf(found);
    const signers = found.flatMap((by) => {
      const service = services.get(by.serviceId);
      return service && isGranted(service.profiles, profileName) ? [{ service, by }] : [];
    });
    return { items: signers, nextCursor };
  }

  /** The services of credentials or trusts, without deleted ones. */
  private async servicesOf(
    things: readonly { readonly serviceId: string }[],
  ): Promise<ReadonlyMap<string, ServiceAsOf>> {
    const services = new Map<string, ServiceAsOf>();
    for (const serviceId of new Set(things.map((thing) => thing.serviceId))) {
      const service = await this.one('services', { targetId: serviceId });
      if (service) services.set(serviceId, service.row);
    }
    return services;
  }

  /** A page of what began of some kinds, in the order of the beginnings: those that are erased, and those of which there are events. */
  private async begun(kinds: readonly AsOfKind[], page: PageRequest): Promise<Page<Beginning>> {
    const kindOf = new Map(
      kinds.flatMap((kind) => Object.keys(projections[kind].begins).map((action) => [action, kind])),
    );
    const until = { tenantId: this.tenantId, actions: [...kindOf.keys()], until: this.at };
    const events = await recordedEvents(this.view, this.events, until, page);
    const states = await this.states.page(this.view, this.tenantId, kinds, page);
    const all = [
      ...events.items.map(({ id, at, targetId, action }) => ({ id, at, targetId, kind: kindOf.get(action)! })),
      ...states.items.map(({ id, occurredAt, targetId, kind }) => ({ id, at: occurredAt, targetId, kind })),
    ].sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
    const items = all.slice(0, pageLimit(page));
    const isMore = all.length > items.length || events.nextCursor !== null || states.nextCursor !== null;
    const last = items.at(-1);
    return { items, nextCursor: isMore && last ? encodeCursor([last.at, last.id]) : null };
  }

  private async one<Kind extends RebuiltKind>(
    kind: Kind,
    about: { readonly targetId: string } | { readonly kid: string },
  ): Promise<Rebuilt<RowOf<Kind>> | undefined> {
    const projection = projections[kind] as unknown as Projection<RowOf<Kind>>;
    const until = { tenantId: this.tenantId, actions: actionsOf(projection), until: this.at };
    const before = await this.states.find(this.view, this.tenantId, kind, about);
    const events = await recordedEventsAbout(this.view, this.events, until, about);
    return rebuild(projection, events, this.at, before as Begun<RowOf<Kind>> | undefined);
  }
}

/** That something began. */
interface Beginning {
  /** Id of the event. */
  readonly id: string;
  readonly at: EpochMilliseconds;
  readonly targetId: string;
  readonly kind: string;
}
