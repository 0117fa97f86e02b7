import { Injectable } from '@nestjs/common';

import { EventReader, recordedEvents, recordedEventsAbout } from '#audit';
import { certificateProjection, foreignCertificateProjection } from '#certificates';
import {
  type EpochMilliseconds,
  type MissingValues,
  type Page,
  type PageRequest,
  type Projection,
  type Rebuilt,
  type TenantScope,
  actionsOf,
  coreErrors,
  rebuild,
} from '#core';
import { Database, type View } from '#database';
import { keyProjection, signingKidOf } from '#keys';
import {
  type CredentialAsOf,
  type ServiceAsOf,
  type TrustAsOf,
  credentialProjection,
  serviceProjection,
  trustProjection,
} from '#service-keys';
import { type TokenProfileAsOf, isGranted, profileProjection } from '#signing';
import { type TenantAsOf, memberProjection, tenantProjection } from '#tenants';

/** What is rebuilt, in the order of the answer: a new kind is a line here and the projection of its library. */
const projections = {
  services: serviceProjection,
  credentials: credentialProjection,
  trusts: trustProjection,
  keys: keyProjection,
  tokenProfiles: profileProjection,
  certificates: certificateProjection,
  members: memberProjection,
} as const;

export type AsOfKind = keyof typeof projections;
export const asOfKinds = Object.keys(projections) as AsOfKind[];

/** Each row with whether its events have all values, and if not, why. */
export type Complete<Row> = Row & { readonly isComplete: boolean; readonly missing: readonly MissingValues[] };
type RowOf<Kind extends AsOfKind> = (typeof projections)[Kind] extends Projection<infer Row> ? Row : never;
export type AsOfPages = { readonly [Kind in AsOfKind]?: Page<Complete<RowOf<Kind>>> };

/** A credential or a trust by which tokens could be asked for. */
export interface PossibleSigner {
  readonly service: ServiceAsOf;
  readonly by: CredentialAsOf | TrustAsOf;
}

/** Why no caller could have a token signed by a profile. */
export const refusals = ['NOT_FOUND', 'TENANT_SUSPENDED', 'KEY_NOT_USABLE'] as const;
export type Refusal = (typeof refusals)[number];

/** Who could sign with a token profile. */
export interface PossibleSigners {
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
  ) {}

  /**
   * Pages of what there was, in the order of creation. What had been deleted, destroyed or removed by then is not in them, so
   * that a page may have fewer items than `limit` and still be followed by another one.
   * @param at epoch milliseconds; now where absent
   * @param kinds of things; all of them where absent
   * @throws VALIDATION_ERROR for an instant in the future
   */
  async pages(
    scope: TenantScope,
    at: EpochMilliseconds | undefined,
    kinds: readonly AsOfKind[],
    page: PageRequest,
  ): Promise<{ readonly at: EpochMilliseconds; readonly tenant: TenantAsOf | undefined; readonly pages: AsOfPages }> {
    return this.database.read(scope, async (view) => {
      const past = new Past(view, this.events, scope.tenantId, pastInstant(view, at));
      const pages: Record<string, Page<object>> = {};
      for (const kind of kinds) pages[kind] = await past.things(kind, page);
      return { at: past.at, tenant: await past.tenant(), pages: pages as AsOfPages };
    });
  }

  /**
   * Who could have a token signed by a profile, and with which key. What its format asks of the request itself, such as an
   * ID token of a user, is not part of it.
   * @throws VALIDATION_ERROR for an instant in the future
   */
  async signers(
    scope: TenantScope,
    at: EpochMilliseconds | undefined,
    profileName: string,
    page: PageRequest,
  ): Promise<PossibleSigners & { readonly at: EpochMilliseconds }> {
    return this.database.read(scope, async (view) => {
      const past = new Past(view, this.events, scope.tenantId, pastInstant(view, at));
      const profile = await past.profile(profileName);
      const kid = profile && (await past.kidOf(profile));
      const refusal = refusalOf({ profile, kid, tenant: await past.tenant() });
      const signers = refusal === undefined ? await past.signers(profileName, page) : NONE;
      return { at: past.at, refusal, profile, kid, signers };
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
    errors: [{ pointer: '/at', code: 'IN_THE_FUTURE', detail: 'must not be later than now' }],
  });
}

/** The events of one tenant until an instant. */
class Past {
  constructor(
    private readonly view: View,
    private readonly events: EventReader,
    private readonly tenantId: string,
    readonly at: EpochMilliseconds,
  ) {}

  /** A page of one kind. No event says of a trust that it ended with its service. */
  async things(kind: AsOfKind, page: PageRequest): Promise<Page<object>> {
    if (kind !== 'trusts') return this.page(projections[kind] as Projection<object>, page);
    const { items, nextCursor } = await this.page(trustProjection, page);
    const services = await this.servicesOf(items);
    return { items: items.filter(({ serviceId }) => services.has(serviceId)), nextCursor };
  }

  async page<Row extends object>(projection: Projection<Row>, page: PageRequest): Promise<Page<Complete<Row>>> {
    const begun = { tenantId: this.tenantId, actions: Object.keys(projection.begins), until: this.at };
    const { items, nextCursor } = await recordedEvents(this.view, this.events, begun, page);
    const rows: Complete<Row>[] = [];
    for (const { id, targetId } of items) {
      const rebuilt = await this.one(projection, { targetId });
      // One that began again is in the page of its latest beginning only.
      if (rebuilt?.begunBy !== id) continue;
      const { row, missing } = rebuilt;
      rows.push({ ...row, isComplete: missing.length === 0, missing });
    }
    return { items: rows, nextCursor };
  }

  async tenant(): Promise<TenantAsOf | undefined> {
    return (await this.one(tenantProjection, { targetId: this.tenantId }))?.row;
  }

  /** The profile that had the name: a name is given again only after its profile was deleted. */
  async profile(name: string): Promise<TokenProfileAsOf | undefined> {
    let cursor: string | undefined;
    do {
      const { items, nextCursor } = await this.page(profileProjection, { cursor, limit: 200 });
      const found = items.find((profile) => profile.name === name);
      if (found) return found;
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
    return undefined;
  }

  /** What tokens by a profile named as their key; `undefined` where its key or its certificate was not usable. */
  async kidOf({ keyId, certificateKid }: TokenProfileAsOf): Promise<string | undefined> {
    if (keyId === null) return undefined;
    const key = await this.one(keyProjection, { targetId: keyId });
    const kid = key && signingKidOf(key.row);
    if (kid === undefined || certificateKid === null) return kid;
    const issued = await this.one(certificateProjection, { kid: certificateKid });
    const foreign = issued ? undefined : await this.one(foreignCertificateProjection, { kid: certificateKid });
    return issued?.row.state === 'active' || foreign ? certificateKid : undefined;
  }

  /** Credentials and trusts, in the order of their creation. */
  async signers(profileName: string, page: PageRequest): Promise<Page<PossibleSigner>> {
    const actions = [...Object.keys(credentialProjection.begins), ...Object.keys(trustProjection.begins)];
    const begun = { tenantId: this.tenantId, actions, until: this.at };
    const { items, nextCursor } = await recordedEvents(this.view, this.events, begun, page);
    const found: (CredentialAsOf | TrustAsOf)[] = [];
    for (const { id, targetId, action } of items) {
      const rebuilt =
        action in trustProjection.begins
          ? await this.one(trustProjection, { targetId })
          : await this.one(credentialProjection, { targetId });
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
      const service = await this.one(serviceProjection, { targetId: serviceId });
      if (service) services.set(serviceId, service.row);
    }
    return services;
  }

  private async one<Row extends object>(
    projection: Projection<Row>,
    about: { readonly targetId: string } | { readonly kid: string },
  ): Promise<Rebuilt<Row> | undefined> {
    const until = { tenantId: this.tenantId, actions: actionsOf(projection), until: this.at };
    return rebuild(projection, await recordedEventsAbout(this.view, this.events, until, about), this.at);
  }
}
