import { describe, expect, it } from 'vitest';

import { emailProblem, personIn } from './person.js';

const RULES = { emailDomains: ['acme.test'], trustsEmails: false, groupsClaim: 'groups' };
const CLAIMS = { sub: '248289761001', email: 'Ada@Acme.test', email_verified: true, name: 'Ada', groups: ['staff'] };

const problemOf = (change: object, rules: object = {}) => {
  const claims = { ...CLAIMS, ...change };
  const all = { ...RULES, ...rules };
  return emailProblem(personIn(claims, all), claims, all);
};

describe('a person of an identity provider', () => {
  it('a person of an identity provider has a normalised address, a name and groups', () => {
    expect(personIn(CLAIMS, RULES)).toEqual({
      subject: '248289761001',
      email: 'ada@acme.test',
      name: 'Ada',
      groups: ['staff'],
    });
  });

  it.each([
    [{ name: undefined, preferred_username: 'ada' }, 'ada'],
    [{ name: ' ' }, 'Ada@Acme.test'],
    [{ name: 'A\u0000\nda' }, 'A da'],
    [{ name: 'A\u200bda\u0308' }, 'Ad\u00e4'],
    [{ name: '\u200b', preferred_username: 'ada' }, 'ada'],
    [{ name: 'a'.repeat(300) }, 'a'.repeat(200)],
    [{ name: 'A\ud800da' }, 'A\ufffdda'],
    [{ name: `${'a'.repeat(199)}\u{1f600}` }, 'a'.repeat(199)],
    [{ name: `${'a'.repeat(198)}\u{1f600}` }, `${'a'.repeat(198)}\u{1f600}`],
  ])('a person of an identity provider with %j is called %j', (change, name) => {
    expect(personIn({ ...CLAIMS, ...change }, RULES).name).toBe(name);
  });

  it.each([
    [{}, {}, undefined],
    [{ email: undefined }, {}, 'EMAIL_MISSING'],
    [{ email: 'no address' }, {}, 'EMAIL_MISSING'],
    [{ email: ['ada@acme.test'] }, {}, 'EMAIL_MISSING'],
    [{ email: 'a\u200bda@acme.test' }, {}, 'EMAIL_MISSING'],
    [{ email: 'a\ud800da@acme.test' }, {}, 'EMAIL_MISSING'],
    [{ email: `${'\uff41'.repeat(20)}@acme.test` }, {}, undefined],
    [{ email: `${'\ufb03'.repeat(100)}@acme.test` }, {}, 'EMAIL_MISSING'],
    [{ email_verified: undefined }, {}, 'EMAIL_NOT_VERIFIED'],
    [{ email_verified: undefined }, { trustsEmails: true }, undefined],
    [{ email_verified: 'true' }, {}, undefined],
    [{ email_verified: 1 }, {}, 'EMAIL_NOT_VERIFIED'],
    [{ email_verified: false }, { trustsEmails: true }, 'EMAIL_NOT_VERIFIED'],
    [{ email: 'ada@evil-acme.test' }, {}, 'EMAIL_DOMAIN_NOT_ACCEPTED'],
    [{ email: 'ada@acme.test.evil.test' }, {}, 'EMAIL_DOMAIN_NOT_ACCEPTED'],
    [{ email: 'ada@mail.acme.test' }, {}, 'EMAIL_DOMAIN_NOT_ACCEPTED'],
    [{ email: 'ada@anywhere.test' }, { emailDomains: [] }, undefined],
  ])('a person of an identity provider with %j under the rules %j: %s', (change, rules, problem) => {
    expect(problemOf(change, rules)).toBe(problem);
  });
});
