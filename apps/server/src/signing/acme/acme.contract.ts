import {
  type AcmeAccount,
  type AcmeAuthorization,
  type AcmeUrls,
  type ShownAcmeOrder,
  acmeType,
  challengesOf,
  identifierOf,
} from '#acme';
import { toRfc3339 } from '#core';

// The objects of RFC 8555 §7.1, as the protocol writes them.

const BASE = 'https://chancery.example/acme/0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47';

/** A member of an object, by an example of its value. */
const by = (example: unknown): object => ({ type: Array.isArray(example) ? 'array' : typeof example, example });
const list = (example: readonly object[]): object => ({
  type: 'array',
  items: { type: 'object', additionalProperties: true },
  example,
});
const texts = (...example: string[]): object => ({ type: 'array', items: { type: 'string' }, example });
const object = (properties: Readonly<Record<string, object>>, required = Object.keys(properties)): object => ({
  type: 'object',
  required,
  properties,
});

export const JWS_SCHEMA = object({
  protected: by('eyJhbGciOiJFUzI1NiIsIm5vbmNlIjoiLi4uIiwidXJsIjoiLi4uIiwia2lkIjoiLi4uIn0'),
  payload: by('eyJpZGVudGlmaWVycyI6W119'),
  signature: by('9cbg5JO1Gf5YLjjz4eM1W7jJ'),
}) as Record<string, unknown>;

export const DIRECTORY_SCHEMA = object({
  newNonce: by(`${BASE}/new-nonce`),
  newAccount: by(`${BASE}/new-account`),
  newOrder: by(`${BASE}/new-order`),
  revokeCert: by(`${BASE}/revoke-cert`),
  keyChange: by(`${BASE}/key-change`),
  renewalInfo: by(`${BASE}/renewal-info`),
  meta: object({ externalAccountRequired: by(true) }),
});

export const directoryOf = (urls: AcmeUrls) => ({
  newNonce: urls.newNonce,
  newAccount: urls.newAccount,
  newOrder: urls.newOrder,
  revokeCert: urls.revokeCert,
  keyChange: urls.keyChange,
  renewalInfo: urls.renewalInfo,
  meta: { externalAccountRequired: true },
});

export const RENEWAL_INFO_SCHEMA = object({
  suggestedWindow: object({ start: by('2026-09-01T00:00:00.000Z'), end: by('2026-11-01T00:00:00.000Z') }),
});

export const ACCOUNT_SCHEMA = object({
  status: by('valid'),
  contact: texts('mailto:ops@example.com'),
  orders: by(`${BASE}/accounts/0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c48/orders`),
});

export const presentAccount = (urls: AcmeUrls, { id, state, contacts }: AcmeAccount) => ({
  status: state,
  contact: contacts,
  orders: urls.orders(id),
});

export const ORDERS_SCHEMA = object({ orders: texts(`${BASE}/orders/0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c49`) });

/** §6.7, §6.7.1. */
const PROBLEM_SCHEMA = object(
  {
    type: by(acmeType('connection')),
    detail: by('billing.acme.internal: The connection failed'),
    subproblems: list([
      {
        type: acmeType('rejectedIdentifier'),
        detail: 'The name is not permitted',
        identifier: { type: 'dns', value: 'billing.acme.internal' },
      },
    ]),
  },
  ['type', 'detail'],
);

export const ORDER_SCHEMA = object(
  {
    status: by('ready'),
    expires: by('2026-01-08T00:00:00.000Z'),
    identifiers: list([{ type: 'dns', value: 'billing.acme.internal' }]),
    authorizations: texts(`${BASE}/authorizations/0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c50`),
    finalize: by(`${BASE}/orders/0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c49/finalize`),
    certificate: by(`${BASE}/certificates/5d2c7b0e-3a0d-4a8e-9d5e-1f6f3f6f9b11`),
    error: PROBLEM_SCHEMA,
  },
  ['status', 'expires', 'identifiers', 'authorizations', 'finalize'],
);

export const presentOrder = (urls: AcmeUrls, order: ShownAcmeOrder) => ({
  status: order.state,
  expires: toRfc3339(order.expiresAt),
  identifiers: order.names.map(identifierOf),
  authorizations: order.authorizationIds.map((id) => urls.authorization(id)),
  finalize: urls.finalize(order.id),
  ...(order.certificateKid === null ? {} : { certificate: urls.certificate(order.certificateKid) }),
  ...(order.problem === undefined ? {} : { error: presentProblem(order.problem) }),
});

/** §6.7, §6.7.1. */
const presentProblem = ({ problem, detail, subproblems }: NonNullable<ShownAcmeOrder['problem']>) => ({
  type: acmeType(problem),
  detail,
  ...(subproblems.length === 0
    ? {}
    : {
        subproblems: subproblems.map((each) => ({
          type: acmeType(each.problem),
          detail: each.detail,
          identifier: identifierOf(each.name),
        })),
      }),
});

const CHALLENGE = {
  type: 'http-01',
  status: 'pending',
  url: `${BASE}/challenges/0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c50/http-01`,
  token: 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA',
};

export const AUTHORIZATION_SCHEMA = object(
  {
    status: by('pending'),
    expires: by('2026-01-08T00:00:00.000Z'),
    identifier: object({ type: by('dns'), value: by('billing.acme.internal') }),
    wildcard: by(true),
    challenges: list([CHALLENGE]),
  },
  ['status', 'expires', 'identifier', 'challenges'],
);

export const presentAuthorization = (urls: AcmeUrls, row: AcmeAuthorization, now: number) => ({
  status: row.state,
  expires: toRfc3339(row.expiresAt),
  identifier: identifierOf(row.name),
  // §7.1.4: present and true for a wildcard, otherwise absent.
  ...(row.wildcard ? { wildcard: true } : {}),
  challenges: challengesOf(row, now).map(({ type }) => presentChallenge(urls, row, type, now)),
});

/** §8: `validated` where it is valid, `error` where it failed. */
export const CHALLENGE_SCHEMA = object(
  {
    ...Object.fromEntries(Object.entries(CHALLENGE).map(([name, value]) => [name, by(value)])),
    validated: by('2026-01-01T00:00:02.000Z'),
    error: PROBLEM_SCHEMA,
  },
  Object.keys(CHALLENGE),
);

export function presentChallenge(urls: AcmeUrls, row: AcmeAuthorization, type: string, now: number) {
  const { state = 'invalid' } = challengesOf(row, now).find((challenge) => challenge.type === type) ?? {};
  const { problem, problemDetail, validatedAt } = row;
  const isTold = problem !== null && row.challenge === type;
  return {
    type,
    status: state,
    url: urls.challenge(row.id, type),
    token: row.token,
    ...(state === 'valid' && validatedAt !== null ? { validated: toRfc3339(validatedAt) } : {}),
    ...(isTold ? { error: { type: acmeType(problem), detail: problemDetail ?? '' } } : {}),
  };
}
