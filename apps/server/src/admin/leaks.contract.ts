import { type LeakCheck, authTypes, credentialLifecycle } from '#service-keys';
import { apiTokenStates } from '#tenants';

import { Choice, Flag, Identifier, Instant, Nested, Text } from '../http/fields.js';
import { presentInstant } from './page.contract.js';

const EXAMPLE_ID = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';

export class LeakRequest {
  @Text({
    max: 1_000,
    example: 'csk_0000000000000000000000000000000000000000000000000',
    description: 'The string to check; it is not stored',
  })
  secret: string;

  @Flag({
    optional: true,
    default: false,
    example: false,
    description:
      "Revoke what is found: marks a credential as compromised, expires a workload's credential, revokes an API token",
  })
  compromise?: boolean;
}

class LeakedCredential {
  @Identifier({ example: EXAMPLE_ID })
  id: string;

  @Identifier({ example: EXAMPLE_ID })
  serviceId: string;

  @Choice([...authTypes, 'workload'])
  authType: string;

  @Choice(credentialLifecycle.states, { example: 'compromised', description: 'Its state after this call' })
  state: string;

  @Instant({ nullable: true })
  lastUsedAt: string | null;
}

class LeakedApiToken {
  @Identifier({ example: EXAMPLE_ID })
  id: string;

  @Text({ example: 'nightly rotation' })
  name: string;

  @Choice(apiTokenStates, { example: 'revoked', description: 'Its state after this call' })
  state: string;

  @Instant({ nullable: true })
  lastUsedAt: string | null;
}

export class LeakAnswer {
  @Flag({ description: 'Whether the string is, or was, a credential or an API token of this tenant' })
  found: boolean;

  @Nested(() => LeakedCredential, { optional: true })
  credential?: LeakedCredential;

  @Identifier({
    optional: true,
    example: EXAMPLE_ID,
    description:
      'The successor that was created because the last active credential was compromised; reveal it to use it',
  })
  successorId?: string;

  @Nested(() => LeakedApiToken, { optional: true })
  apiToken?: LeakedApiToken;

  static of({ finding, compromised, apiToken }: LeakCheck): LeakAnswer {
    if (apiToken) return { found: true, apiToken: { ...apiToken, lastUsedAt: presentInstant(apiToken.lastUsedAt) } };
    if (!finding) return { found: false };
    const { credentialId: id, serviceId, authType, lastUsedAt } = finding;
    const state = compromised?.credential.state ?? finding.state;
    const successorId = compromised?.successor?.credential.id;
    return {
      found: true,
      credential: { id, serviceId, authType, state, lastUsedAt: presentInstant(lastUsedAt) },
      ...(successorId === undefined ? {} : { successorId }),
    };
  }
}
