import { randomUUID } from 'node:crypto';

import type { DataSource } from 'typeorm';

import { DAY, HOUR, MINUTE } from '#core';

import { announcementKey } from '../../libs/announcements/lead-days.js';
import { createAuthority, issue } from '../e2e/certificates/pki.js';
import { acmeKinds } from './acme-rows.js';
import { historyKinds } from './history-rows.js';
import { type Row, type Value, newHash, rowsOf, storedKeyKinds } from './due-rows.js';
import { PASSWORD, type Shape, type TestServer, type TestTenant } from './server.js';

/** How two items of one kind are made that the scheduler handles when they fall due. */
export interface DueSample {
  readonly table: string;
  /** The primary key of the table. */
  readonly key: string;
  /** The statement that handles an item. */
  readonly statement: 'INSERT' | 'UPDATE' | 'DELETE';
  /** Makes two items, of which the first falls due at the instant and the second right after it; answers their keys. */
  plant(at: number): Promise<readonly [first: string, second: string]>;
  /** Which of the items the scheduler has not handled. */
  unhandled(keys: readonly string[]): Promise<string[]>;
}

interface Kind {
  readonly table: string;
  readonly key?: string;
  readonly statement: 'UPDATE' | 'DELETE';
  readonly make: () => Promise<string>;
  /** What makes an item due from an instant on. */
  readonly due: (at: number) => Row;
  /** What a row has as long as it was not handled; a deleted one is gone. */
  readonly unhandled: Row;
}

export const literal = (value: Value): string => (typeof value === 'string' ? `'${value}'` : String(value));

const clause = (row: Row, glue: string, isNull: string): string =>
  Object.entries(row)
    .map(([column, value]) => (value === null ? `${column} ${isNull} NULL` : `${column} = ${literal(value)}`))
    .join(glue);

/** One sample for each kind that the scheduler asks, by its noun. */
export function dueSamples(
  server: TestServer,
  tenant: TestTenant,
  plain: DataSource,
): Readonly<Record<string, DueSample>> {
  const tenantId = tenant.id;

  /** Makes rows that nothing but the scheduler would look at. */
  const insert =
    (table: string, row: (key: string) => Row, newKey: () => string = randomUUID): Kind['make'] =>
    async () => {
      const key = newKey();
      const values = row(key);
      const columns = Object.keys(values).join(', ');
      await plain.query(`INSERT INTO ${table} (${columns}) VALUES (${Object.values(values).map(literal).join(', ')})`);
      return key;
    };

  const delivery = (statement: Kind['statement'], state: string, unhandled: Row): Kind => ({
    table: 'webhook_deliveries',
    statement,
    make: insert('webhook_deliveries', (id) => {
      const times = { dueAt: 0, requestedAt: 0, createdAt: 0 };
      return {
        id,
        tenantId,
        webhookId: id,
        sequence: 0,
        eventId: id,
        action: 'key.created',
        state,
        attempts: 1,
        ...times,
      };
    }),
    due: (at) => ({ createdAt: at - 30 * DAY }),
    unhandled,
  });

  const create = async (path: string, body: object): Promise<Shape> => {
    const answer = await server.post(`${tenant.path}/${path}`, body, tenant.owner);
    if (answer.status >= 300) throw new Error(`${path} was refused: ${answer.text}`);
    return answer.body;
  };

  const idOf = async (query: string): Promise<string> => (await plain.query<{ id: string }[]>(query))[0]!.id;

  const serviceKey = async (): Promise<string> =>
    (await create('services', { name: randomUUID() }))['serviceKey']!['id']!;

  const signingKey = async (body: object = {}): Promise<string> =>
    (await create('keys', { name: randomUUID(), algorithm: 'ES256', ...body }))['id']!;

  const authority = async (): Promise<string> => (await createAuthority(server, tenant))['id']!;

  const certificate = async (): Promise<string> => {
    const { body } = await issue(server, tenant, { caId: await authority() });
    return idOf(`SELECT id FROM certificates WHERE kid = '${body['kid']}'`);
  };

  const stagedVersion = async (): Promise<string> => {
    const keyId = await signingKey();
    await create(`keys/${keyId}/rotate`, {});
    return idOf(`SELECT id FROM key_versions WHERE keyId = '${keyId}' AND state = 'pending'`);
  };

  const deletedKey = async (): Promise<string> => {
    const keyId = await signingKey();
    const answer = await server.delete(`${tenant.path}/keys/${keyId}`, { password: PASSWORD }, tenant.owner);
    if (answer.status !== 204) throw new Error(`The key was not deleted: ${answer.text}`);
    return keyId;
  };

  const rows = rowsOf(tenantId);
  const { invitation, rotation, rotationItem, foreignCertificate, mail, providerSignIn, workloadCredential } = rows;
  const { passwordReset, resetRequest } = rows;
  const runningRotation = insert('credential_rotations', rotation('running'));
  const apiToken = insert('api_tokens', rows.apiToken);
  const keepOneMonth = { settings: { personalDataRetentionMonths: 1 }, password: PASSWORD };

  /** Two API tokens that expire in seven days: the rows of their announcements are what the scheduler inserts. */
  const announcement: DueSample = {
    table: 'announcements',
    key: 'id',
    statement: 'INSERT',
    async plant(at) {
      const keys: string[] = [];
      for (const dueAt of [at + 7 * DAY, at + 7 * DAY + 1]) {
        const id = await apiToken();
        await plain.query(`UPDATE api_tokens SET expiresAt = ${dueAt} WHERE id = ${literal(id)}`);
        keys.push(announcementKey({ tenantId, kind: 'API token', id, happens: 'expires', dueAt }, 7));
      }
      return keys as [string, string];
    },
    async unhandled(keys) {
      const made = await plain.query<Row[]>(
        `SELECT id FROM announcements WHERE id IN (${keys.map(literal).join(', ')})`,
      );
      return keys.filter((key) => !made.some(({ id }) => id === key));
    },
  };

  const kinds: Readonly<Record<string, Kind>> = {
    credential: {
      table: 'credentials',
      statement: 'UPDATE',
      make: serviceKey,
      due: (at) => ({ createdAt: at - 100 * DAY, expiresAt: at }),
      unhandled: { state: 'active' },
    },
    'credential-succession': {
      table: 'credentials',
      statement: 'UPDATE',
      make: serviceKey,
      // The tenant's lead is 14 days.
      due: (at) => ({ createdAt: at - 100 * DAY, expiresAt: at + 14 * DAY }),
      unhandled: { replacedBy: null },
    },
    'credential-cleanup': {
      table: 'credentials',
      statement: 'UPDATE',
      make: serviceKey,
      // The tenant keeps inactive credentials for 7 days.
      due: (at) => ({ state: 'inactive', discardedAt: at - 7 * DAY }),
      unhandled: { state: 'inactive' },
    },
    'credential rotation item': {
      table: 'credential_rotation_items',
      statement: 'UPDATE',
      // Of a service that is gone, so that it is rejected.
      make: async () => insert('credential_rotation_items', rotationItem(await runningRotation(), null))(),
      due: (at) => ({ dueAt: at }),
      unhandled: { finishedAt: null },
    },
    'finished credential rotation item': {
      table: 'credential_rotation_items',
      statement: 'DELETE',
      make: insert('credential_rotation_items', rotationItem(tenantId, 0)),
      due: (at) => ({ finishedAt: at - 90 * DAY }),
      unhandled: {},
    },
    'ended credential rotation': {
      table: 'credential_rotations',
      statement: 'DELETE',
      make: insert('credential_rotations', rotation('completed')),
      due: (at) => ({ endedAt: at - 90 * DAY }),
      unhandled: {},
    },
    session: {
      table: 'sessions',
      statement: 'DELETE',
      make: insert('sessions', (id) => ({ id, userId: id, createdAt: 0, expiresAt: 0 })),
      due: (at) => ({ renewableUntil: at - 7 * DAY }),
      unhandled: {},
    },
    'refresh token': {
      table: 'refresh_tokens',
      key: 'lookupHash',
      statement: 'DELETE',
      make: insert(
        'refresh_tokens',
        (lookupHash) => ({ lookupHash, sessionId: tenantId, createdAt: 0, expiresAt: 0 }),
        newHash,
      ),
      due: (at) => ({ expiresAt: at - 7 * DAY }),
      unhandled: {},
    },
    invitation: {
      table: 'invitations',
      statement: 'UPDATE',
      make: insert('invitations', invitation('pending')),
      due: (at) => ({ expiresAt: at }),
      unhandled: { state: 'pending' },
    },
    'ended invitation': {
      table: 'invitations',
      statement: 'DELETE',
      make: insert('invitations', invitation('accepted')),
      due: (at) => ({ expiresAt: at - 90 * DAY }),
      unhandled: {},
    },
    'API token': {
      table: 'api_tokens',
      statement: 'DELETE',
      make: apiToken,
      due: (at) => ({ expiresAt: at - 90 * DAY }),
      unhandled: {},
    },
    'password reset': {
      table: 'password_resets',
      statement: 'DELETE',
      make: insert('password_resets', passwordReset),
      due: (at) => ({ expiresAt: at - 7 * DAY }),
      unhandled: {},
    },
    'password reset request': {
      table: 'reset_requests',
      statement: 'DELETE',
      make: insert('reset_requests', resetRequest, newHash),
      due: (at) => ({ createdAt: at }),
      unhandled: {},
    },
    'unconfirmed factor': {
      table: 'factors',
      statement: 'DELETE',
      make: insert('factors', rows.unconfirmedFactor),
      due: (at) => ({ expiresAt: at }),
      unhandled: {},
    },
    'factor challenge': {
      table: 'factor_challenges',
      key: 'lookupHash',
      statement: 'DELETE',
      make: insert(
        'factor_challenges',
        (lookupHash) => ({ lookupHash, userId: tenantId, challenge: 'x', failures: 0, createdAt: 0, expiresAt: 0 }),
        newHash,
      ),
      due: (at) => ({ expiresAt: at }),
      unhandled: {},
    },
    'identity provider sign-in': {
      table: 'identity_provider_sign_ins',
      key: 'lookupHash',
      statement: 'DELETE',
      make: insert('identity_provider_sign_ins', providerSignIn, newHash),
      due: (at) => ({ expiresAt: at }),
      unhandled: {},
    },
    'workload credential': {
      table: 'workload_credentials',
      statement: 'DELETE',
      make: insert('workload_credentials', workloadCredential),
      due: (at) => ({ keptUntil: at }),
      unhandled: {},
    },
    'password attempt': {
      table: 'password_attempts',
      key: 'subjectHash',
      statement: 'DELETE',
      make: insert(
        'password_attempts',
        (subjectHash) => ({ subjectHash, failures: 1, lockedUntil: 0, updatedAt: 0, expiresAt: 0 }),
        newHash,
      ),
      due: (at) => ({ expiresAt: at }),
      unhandled: {},
    },
    'repeated event': {
      table: 'event_windows',
      statement: 'DELETE',
      make: insert(
        'event_windows',
        (id) => ({
          id,
          endsAt: 0,
          unreported: 0,
          latest: '{"origin":{"actor":{"type":"system","id":"x","name":"x"}}}',
        }),
        newHash,
      ),
      due: (at) => ({ endsAt: at }),
      unhandled: {},
    },
    'use of a key': {
      table: 'key_uses',
      statement: 'DELETE',
      make: insert(
        'key_uses',
        (id) => ({ id, tenantId, keyId: tenantId, kid: 'x', profile: 'x', tokens: 1, firstUsedAt: 0, lastUsedAt: 0 }),
        newHash,
      ),
      due: (at) => ({ lastUsedAt: at - 400 * DAY }),
      unhandled: {},
    },
    'past announcement': {
      table: 'announcements',
      statement: 'DELETE',
      make: insert(
        'announcements',
        (id) => ({
          id,
          tenantId,
          kind: 'credential',
          subjectId: tenantId,
          happens: 'expires',
          dueAt: 0,
          daysAhead: 1,
          announcedAt: 0,
        }),
        newHash,
      ),
      due: (at) => ({ dueAt: at - 30 * DAY }),
      unhandled: {},
    },
    ...historyKinds(insert, () => server.patch(tenant.path, keepOneMonth, tenant.owner), rows.historyMonth),
    ...acmeKinds(tenantId, insert),
    ...storedKeyKinds(tenantId, insert),
    mail: {
      table: 'mails',
      statement: 'DELETE',
      make: insert('mails', mail, newHash),
      due: (at) => ({ createdAt: at - 30 * DAY }),
      unhandled: {},
    },
    'webhook delivery': delivery('DELETE', 'delivered', {}),
    'waiting webhook delivery': delivery('UPDATE', 'pending', { state: 'pending' }),
    'key rotation': {
      table: '`keys`',
      statement: 'UPDATE',
      make: () => signingKey({ rotateEverySeconds: 86_400 }),
      due: (at) => ({ nextRotationAt: at }),
      unhandled: { version: 1 },
    },
    'key version': {
      table: 'key_versions',
      statement: 'UPDATE',
      make: stagedVersion,
      due: (at) => ({ activatesAt: at }),
      unhandled: { state: 'pending' },
    },
    'deleted key': {
      table: '`keys`',
      statement: 'UPDATE',
      make: deletedKey,
      due: (at) => ({ destroysAt: at }),
      unhandled: { state: 'deleted' },
    },
    'replay record': {
      table: 'replay_records',
      statement: 'DELETE',
      make: insert('replay_records', (id) => ({ id, tenantId, usedAt: 0, expiresAt: 0 }), newHash),
      due: (at) => ({ expiresAt: at - HOUR }),
      unhandled: {},
    },
    'token transaction': {
      table: 'token_transactions',
      statement: 'DELETE',
      make: insert('token_transactions', (id) => ({
        id,
        tenantId,
        profile: 'p',
        xid: id,
        phoneHash: 'h',
        sealedPhoneNumber: '',
        sealedToken: '',
        kid: 'k',
        createdAt: 0,
        issuedAt: 0,
        expiresAt: 0,
        keptUntil: 0,
      })),
      due: (at) => ({ keptUntil: at }),
      unhandled: {},
    },
    'rate window': {
      table: 'rate_windows',
      statement: 'DELETE',
      make: insert('rate_windows', (id) => ({ id, tenantId, calls: '[]', expiresAt: 0 }), newHash),
      due: (at) => ({ expiresAt: at }),
      unhandled: {},
    },
    'idempotency-record': {
      table: 'idempotency_records',
      statement: 'DELETE',
      make: insert('idempotency_records', (id) => ({
        id,
        tenantId,
        actorId: id,
        keyHash: 'h',
        payloadHash: 'h',
        state: 'running',
        createdAt: 0,
        expiresAt: 0,
      })),
      due: (at) => ({ expiresAt: at }),
      unhandled: {},
    },
    'idempotent answer': {
      table: 'idempotency_records',
      statement: 'UPDATE',
      make: insert('idempotency_records', (id) => ({
        id,
        tenantId,
        actorId: id,
        keyHash: 'h',
        payloadHash: 'h',
        state: 'answered',
        sealedAnswer: 'sealed',
        createdAt: 0,
        expiresAt: server.clock.now() + 1_000 * DAY,
      })),
      due: (at) => ({ answerUntil: at }),
      unhandled: { sealedAnswer: 'sealed' },
    },
    certificate: {
      table: 'certificates',
      statement: 'UPDATE',
      make: certificate,
      due: (at) => ({ notAfter: at - 1 }),
      unhandled: { state: 'active' },
    },
    'foreign certificate': {
      table: 'foreign_certificates',
      statement: 'UPDATE',
      make: insert('foreign_certificates', foreignCertificate),
      due: (at) => ({ notAfter: at - 1, announcedAt: 0 }),
      unhandled: { expiredAt: null },
    },
    'certificate authority': {
      table: 'certificate_authorities',
      statement: 'UPDATE',
      make: authority,
      due: (at) => ({ notAfter: at - 1 }),
      unhandled: { state: 'active' },
    },
    'unfinished certificate': {
      table: 'certificates',
      statement: 'UPDATE',
      make: certificate,
      due: (at) => ({ state: 'issuing', createdAt: at - 5 * MINUTE - 1 }),
      unhandled: { state: 'issuing' },
    },
    CRL: {
      table: 'crls',
      statement: 'UPDATE',
      make: authority,
      due: (at) => ({ rebuildAt: at }),
      unhandled: { number: 0 },
    },
  };

  const sampleOf = ({ key = 'id', table, statement, make, due, unhandled }: Kind): DueSample => ({
    table,
    key,
    statement,
    async plant(at) {
      const planted = [await make(), await make()] as const;
      for (const [index, id] of planted.entries()) {
        await plain.query(`UPDATE ${table} SET ${clause(due(at + index), ', ', '=')} WHERE ${key} = ${literal(id)}`);
      }
      return planted;
    },
    async unhandled(keys) {
      const conditions = [`${key} IN (${keys.map(literal).join(', ')})`, clause(unhandled, ' AND ', 'IS')];
      const query = `SELECT ${key} FROM ${table} WHERE ${conditions.filter(Boolean).join(' AND ')}`;
      const found = await plain.query<Row[]>(query);
      return keys.filter((id) => found.some((row) => row[key] === id));
    },
  });
  return { announcement, ...Object.fromEntries(Object.entries(kinds).map(([noun, kind]) => [noun, sampleOf(kind)])) };
}
