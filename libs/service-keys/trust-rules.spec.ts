import { describe, expect, it } from 'vitest';

import { SECOND } from '#core';

import { decideByRules, claimAt, claimProblems, matches, ruleProblems, timeProblem } from './trust-rules.js';

/** As GitHub Actions writes them. */
const GITHUB_ACTIONS = 'https://token.actions.githubusercontent.com';
const GITHUB = {
  iss: GITHUB_ACTIONS,
  aud: 'https://chancery.test',
  sub: 'repo:octo-org/octo-repo:environment:prod',
  ref: 'refs/heads/main',
  repository: 'octo-org/octo-repo',
  repository_id: '74',
  repository_owner_id: '65',
  run_attempt: '2',
  environment: 'prod',
  job_workflow_ref: 'octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main',
  jti: 'example-id',
};
/** As Kubernetes writes them for a projected token. */
const KUBERNETES = {
  iss: 'https://kubernetes.default.svc.cluster.local',
  aud: ['https://chancery.test'],
  sub: 'system:serviceaccount:shop:checkout',
  'kubernetes.io': {
    namespace: 'shop',
    pod: { name: 'checkout-6f9d', uid: 'f1a2' },
    serviceaccount: { name: 'checkout', uid: '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798' },
  },
};
const AUDIENCE = 'https://chancery.test';
const rules = (more: object) => ({ audience: AUDIENCE, subject: null, claims: {}, ...more });

describe('a pattern of a trust', () => {
  it.each([
    ['repo:o/r:ref:refs/heads/main', 'repo:o/r:ref:refs/heads/main', true],
    ['repo:o/r:ref:refs/heads/main', 'repo:o/r:ref:refs/heads/main2', false],
    ['repo:o/r:ref:refs/heads/main', 'xrepo:o/r:ref:refs/heads/main', false],
    ['repo:o/r:environment:*', 'repo:o/r:environment:prod', true],
    ['repo:o/r:environment:*', 'repo:o/r:environment:', true],
    ['repo:o/*', 'repo:o/r:pull_request', false],
    ['repo:o/*:pull_request', 'repo:o/r:pull_request', true],
    ['repo:o/r:*', 'repo:o/r:ref:refs/heads/main', false],
    ['repo:o/r:ref:refs/heads/*', 'repo:o/r:ref:refs/heads/feature/x', false],
    ['repo:o/r-*:pull_request', 'repo:o/r-a-b:pull_request', true],
    ['*-*-end', 'a-b-end', true],
    ['a*a', 'a', false],
    ['a*b*c', 'axbxbxc', true],
    ['REPO:o', 'repo:o', false],
    ['repo.o', 'repoxo', false],
    ['*', '', true],
  ])('the pattern %s of a trust and the text %s: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  it('a pattern of a trust takes no more time where it almost matches', () => {
    const text = 'a'.repeat(200);
    expect(matches(`${'a*'.repeat(100)}b`, text)).toBe(false);
  });
});

describe('the claims of a workload', () => {
  it.each([
    ['/kubernetes.io/serviceaccount/uid', '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798'],
    ['/kubernetes.io/namespace', 'shop'],
    ['kubernetes.io', undefined],
    ['/kubernetes.io/pod', undefined],
    ['/aud/0', undefined],
    ['/constructor/name', undefined],
    ['sub', KUBERNETES.sub],
  ])('the claim %s of a workload', (name, value) => {
    expect(claimAt(KUBERNETES, name)).toBe(value);
  });

  it('the claims of a workload by which it is accepted are those that the rules name', () => {
    const github = rules({ subject: 'repo:octo-org/octo-repo:environment:*', claims: { repository_id: '74' } });
    const matched = { aud: AUDIENCE, sub: GITHUB.sub, repository_id: '74' };
    expect(decideByRules(github, GITHUB)).toEqual({ reason: null, matched });
    const kubernetes = rules({ claims: { '/kubernetes.io/serviceaccount/uid': '14ee3fa4-*' } });
    expect(decideByRules(kubernetes, KUBERNETES)).toMatchObject({ matched: { sub: KUBERNETES.sub } });
  });

  it.each(['refused', 'reason', 'matched', 'code', 'constructor', 'toString', 'hasOwnProperty', '__proto__'])(
    'a claim of a workload that is named %s is compared like every other',
    (name) => {
      const claims = Object.fromEntries([...Object.entries(KUBERNETES), [name, 'EXPIRED_TOKEN']]);
      const rule = (value: string) => rules({ claims: Object.fromEntries([[name, value]]) });
      expect(decideByRules(rule('EXPIRED_TOKEN'), claims)).toEqual({
        reason: null,
        matched: Object.fromEntries([
          ['aud', AUDIENCE],
          ['sub', KUBERNETES.sub],
          [name, 'EXPIRED_TOKEN'],
        ]),
      });
      expect(decideByRules(rule('other'), claims)).toEqual({ reason: 'CLAIM_NOT_TRUSTED' });
      expect(decideByRules(rule('*'), KUBERNETES)).toEqual({ reason: 'CLAIM_NOT_TRUSTED' });
    },
  );

  it.each([
    ['AUDIENCE_NOT_TRUSTED', { aud: 'https://chancery.test/' }, {}],
    ['AUDIENCE_NOT_TRUSTED', { aud: [AUDIENCE, 'https://other.test'] }, {}],
    ['AUDIENCE_NOT_TRUSTED', { aud: [] }, {}],
    ['AUDIENCE_NOT_TRUSTED', { aud: undefined }, {}],
    ['INVALID_CLAIMS', { sub: undefined }, {}],
    ['SUBJECT_NOT_TRUSTED', { sub: 'repo:octo-org/other:environment:prod' }, {}],
    ['CLAIM_NOT_TRUSTED', {}, { claims: { repository_id: '75' } }],
    ['CLAIM_NOT_TRUSTED', {}, { claims: { absent: '*' } }],
    ['CLAIM_NOT_TRUSTED', { repository_id: ['74'] }, {}],
  ])('the claims of a workload are rejected as %s: %j', (reason, change, more) => {
    const subject = 'repo:octo-org/octo-repo:environment:prod';
    const trust = rules({ subject, claims: { repository_id: '74' }, ...more });
    expect(decideByRules(trust, { ...GITHUB, ...change } as never)).toEqual({ reason });
  });

  it('the service account that every pod has by default is accepted by its exact subject only', () => {
    const sub = 'system:serviceaccount:shop:default';
    const claims = { ...KUBERNETES, sub };
    expect(decideByRules(rules({ subject: 'system:serviceaccount:shop:*' }), claims)).toEqual({
      reason: 'SUBJECT_NOT_TRUSTED',
    });
    expect(decideByRules(rules({ claims: { '/kubernetes.io/namespace': 'shop' } }), claims)).toEqual({
      reason: 'SUBJECT_NOT_TRUSTED',
    });
    expect(decideByRules(rules({ subject: sub }), claims)).toMatchObject({ matched: { sub } });
  });
});

describe('the times of a token of a workload', () => {
  const NOW = 1_800_000_000;
  it.each([
    [undefined, { iat: NOW, exp: NOW + 300 }],
    [undefined, { iat: NOW + 60, exp: NOW + 300 }],
    [undefined, { iat: NOW - 3_659, exp: NOW + 1 }],
    [undefined, { iat: NOW - 300, exp: NOW - 59 }],
    ['EXPIRED_TOKEN', { iat: NOW - 300, exp: NOW - 60 }],
    ['TOKEN_NOT_YET_VALID', { iat: NOW + 61, exp: NOW + 300 }],
    ['TOKEN_NOT_YET_VALID', { iat: NOW, nbf: NOW + 61, exp: NOW + 300 }],
    ['TOKEN_TOO_OLD', { iat: NOW - 3_660, exp: NOW + 86_400 }],
    ['INVALID_CLAIMS', { exp: NOW + 300 }],
    ['INVALID_CLAIMS', { iat: NOW }],
    ['INVALID_CLAIMS', { iat: NOW, exp: String(NOW + 300) }],
    ['INVALID_CLAIMS', { iat: NOW, exp: NOW + 300, nbf: 'now' }],
  ])('the times of a token of a workload give %s: %j', (problem, claims) => {
    expect(timeProblem(claims, NOW * SECOND)).toBe(problem);
  });
});

describe('the rules of a new trust', () => {
  it.each([
    { a: 1 },
    { a: '' },
    { a: ['b'] },
    { '': 'a' },
    { a: 'b'.repeat(256) },
    Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`c${i}`, 'x'])),
  ])('the rules of a new trust are not these claims: %j', (claims) => {
    expect(claimProblems(claims)).toMatchObject([{ pointer: '/claims' }]);
  });

  it.each([
    ['https://issuer.test', rules({ subject: 'a' }), []],
    ['https://issuer.test', rules({ claims: { a: 'b' } }), []],
    ['https://issuer.test', rules({ claims: { a: '*' } }), ['/subject SUBJECT_REQUIRED']],
    ['https://issuer.test', rules({ subject: '*:*' }), ['/subject PATTERN_TOO_WIDE']],
    [GITHUB_ACTIONS, rules({ subject: 'repo:o/r:pull_request' }), ['/claims ID_REQUIRED']],
    [GITHUB_ACTIONS, rules({ claims: { repository: 'o/r' } }), ['/claims ID_REQUIRED']],
    [GITHUB_ACTIONS, rules({ claims: { repository_id: '74' } }), []],
    [`${GITHUB_ACTIONS}/octo-enterprise`, rules({ claims: { repository: 'o/r' } }), ['/claims ID_REQUIRED']],
    [`${GITHUB_ACTIONS}/octo-enterprise`, rules({ claims: { repository_owner_id: '65' } }), []],
    ['https://token.actions.octocorp.ghe.com', rules({ claims: { repository: 'o/r' } }), ['/claims ID_REQUIRED']],
    ['https://github.example.com/_services/token', rules({ claims: { repository: 'o/r' } }), ['/claims ID_REQUIRED']],
    ['https://github.example.com/_services/token', rules({ claims: { repository_id: '74' } }), []],
    ['https://octocorp.ghe.com.example.test', rules({ claims: { repository: 'o/r' } }), []],
    [`${GITHUB_ACTIONS}.example.test`, rules({ claims: { repository: 'o/r' } }), []],
  ])('the rules of a new trust in %s: %j', (issuer, given, problems) => {
    expect(ruleProblems(issuer, given).map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(problems);
  });
});
