import { describe, expect, it } from 'vitest';

import { rotationStep } from './credential-rotation.js';
import type { CredentialFacts } from './credential-rules.js';

const NOW = 1_000_000;
const LATER = NOW + 60_000;

const credential = (id: string, facts: Partial<CredentialFacts> = {}): CredentialFacts => ({
  id,
  state: 'active',
  createdAt: 0,
  expiresAt: null,
  overlapEndsAt: null,
  revealedAt: null,
  ...facts,
});

const rotating = credential('rotating');
const inactive = credential('inactive', { state: 'inactive' });
const overlapped = credential('overlapped', { overlapEndsAt: LATER });
const overlapEnded = credential('overlapped', { overlapEndsAt: NOW });
const second = credential('second');

describe('the next step of a rotation', () => {
  it.each<[string, CredentialFacts, CredentialFacts[], { keeps: object; deletes: object }]>([
    ['a credential alone', rotating, [], { keeps: { kind: 'rotate' }, deletes: { kind: 'rotate' } }],
    [
      'a credential beside an inactive one',
      rotating,
      [inactive],
      { keeps: { kind: 'reject', code: 'INACTIVE_CREDENTIAL_EXISTS' }, deletes: { kind: 'rotate' } },
    ],
    [
      'a credential beside one whose overlap has not ended',
      rotating,
      [overlapped],
      {
        keeps: { kind: 'reject', code: 'INACTIVE_CREDENTIAL_EXISTS' },
        deletes: { kind: 'wait', until: LATER },
      },
    ],
    [
      'a credential beside one whose overlap has just ended',
      rotating,
      [overlapEnded],
      { keeps: { kind: 'reject', code: 'INACTIVE_CREDENTIAL_EXISTS' }, deletes: { kind: 'rotate' } },
    ],
    [
      'one of two active credentials',
      rotating,
      [second],
      {
        keeps: { kind: 'reject', code: 'CREDENTIAL_LIMIT_REACHED' },
        deletes: { kind: 'reject', code: 'CREDENTIAL_LIMIT_REACHED' },
      },
    ],
    [
      'a credential that has a successor already',
      overlapped,
      [second],
      { keeps: { kind: 'reject', code: 'WRONG_STATE' }, deletes: { kind: 'reject', code: 'WRONG_STATE' } },
    ],
    [
      'a credential that was discarded since',
      inactive,
      [second],
      { keeps: { kind: 'reject', code: 'WRONG_STATE' }, deletes: { kind: 'reject', code: 'WRONG_STATE' } },
    ],
  ])('the next step of a rotation for %s', (_, subject, siblings, { keeps, deletes }) => {
    const policy = { credentialsPerType: 2, reveal: 'allowed' } as const;
    const situation = { credential: subject, siblings, policy, now: NOW };
    expect(rotationStep(situation, false)).toEqual(keeps);
    expect(rotationStep(situation, true)).toEqual(deletes);
  });
});
