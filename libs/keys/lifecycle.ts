import { defineLifecycle } from '#core';

/** NIST SP 800-57 part 1 §7, as far as signing keys need it. */
export const keyVersionLifecycle = defineLifecycle({
  noun: 'key version',
  // pending: published, does not sign yet. retired: verifies what it signed, signs nothing more.
  states: ['pending', 'active', 'retired', 'destroyed', 'compromised'],
  initial: ['pending', 'active'],
  events: {
    activate: [['pending'], 'active'],
    retire: [['pending', 'active'], 'retired'],
    // Erases the key material, too: it is not needed any more.
    compromise: [['pending', 'active', 'retired'], 'compromised'],
    // A pending or active version goes only together with its whole key.
    destroy: [['pending', 'active', 'retired'], 'destroyed'],
  },
});

export type KeyVersionState = (typeof keyVersionLifecycle.states)[number];

/** A relying party may see these in the JWKS: they sign, will sign, or signed what is still to be verified. */
export const publishedStates = ['pending', 'active', 'retired'] as const satisfies readonly KeyVersionState[];

/** A token is verified with these only. */
export const verifyingStates = ['active', 'retired'] as const satisfies readonly KeyVersionState[];

export const keyLifecycle = defineLifecycle({
  noun: 'key',
  states: ['active', 'deleted', 'destroyed'],
  initial: ['active'],
  events: {
    delete: [['active'], 'deleted'],
    restore: [['deleted'], 'active'],
    destroy: [['deleted'], 'destroyed'],
  },
});

export type KeyState = (typeof keyLifecycle.states)[number];
