import { expect, it } from 'vitest';

import { googleFailureOf, googleSourceOf } from './google-store.js';

const RING = 'projects/example/locations/europe-west3/keyRings/chancery';

it('the URI of a key ring says the protection of its keys and how long their destruction can be taken back', () => {
  expect(googleSourceOf(`gcp-kms://${RING}`)).toEqual({
    ring: RING,
    project: 'example',
    endpoint: undefined,
    protectionLevel: 'SOFTWARE',
    destructionDays: 1,
  });
  const given = googleSourceOf(
    `gcp-kms://${RING}?protection=hsm&destroy-after-days=30&endpoint=https%3A%2F%2Fkms.internal`,
  );
  expect(given).toMatchObject({ protectionLevel: 'HSM', destructionDays: 30, endpoint: 'https://kms.internal' });
});

it.each([
  ['a single key', `gcp-kms://${RING}/cryptoKeys/one`],
  ['no ring', 'gcp-kms://projects/example/locations/europe-west3'],
  ['another path', `gcp-kms://${RING}/../other`],
  ['another protection', `gcp-kms://${RING}?protection=external`],
  ['a protection that objects have', `gcp-kms://${RING}?protection=constructor`],
  ['no days', `gcp-kms://${RING}?destroy-after-days=0`],
  ['too many days', `gcp-kms://${RING}?destroy-after-days=121`],
  ['an endpoint without TLS', `gcp-kms://${RING}?endpoint=http%3A%2F%2Fkms.internal`],
  ['an unknown member', `gcp-kms://${RING}?key=one`],
])('a URI of a key ring with %s is refused', (_, uri) => {
  expect(() => googleSourceOf(uri)).toThrow(/^must/);
});

const answer = (status: number, error?: unknown) =>
  Object.assign(new Error('answer'), { response: { status, data: { error } } });

it.each([
  ['no answer', new Error('ECONNREFUSED'), 'away'],
  ['an internal error', answer(500, { status: 'INTERNAL' }), 'away'],
  ['too many requests', answer(429, { status: 'RESOURCE_EXHAUSTED' }), 'throttled'],
  ['an access token that is not accepted', answer(401, { status: 'UNAUTHENTICATED' }), 'login'],
  ['a token endpoint that gives none (RFC 6749 §5.2)', answer(400, 'invalid_grant'), 'login'],
  ['the page of a proxy', answer(403), 'login'],
  ['a key that we may not use', answer(403, { status: 'PERMISSION_DENIED' }), 'answer'],
  ['a key that is not enabled', answer(400, { status: 'FAILED_PRECONDITION' }), 'answer'],
] as const)('of Google, %s is told apart', (_, error, failure) => {
  expect(googleFailureOf(error)).toBe(failure);
});
