import { describe, expect, it } from 'vitest';

import { forbiddenActions } from './credential-permissions.js';

const changing = ['discard', 'reactivate', 'regenerate', 'compromise', 'update', 'delete'];

describe('the actions that a role does not permit', () => {
  it.each([
    ['owner', []],
    ['full_access', []],
    ['limited_access', changing],
    ['auditor', ['reveal', ...changing]],
    ['platform_admin', ['reveal', ...changing]],
    ['constructor', ['reveal', ...changing]],
    [undefined, ['reveal', ...changing]],
  ])('the actions that the role %s does not permit are %j', (role, actions) => {
    expect([...forbiddenActions(role)]).toEqual(actions);
  });
});
