import type { Rfc3339 } from '#core';
import { KEY_USES_MAX, type KeyUserReport } from '#keys';

import { Identifier, Instant, Items, Nested, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { CERTIFICATES_SHOWN_MAX, USERS_SHOWN_MAX } from './keys.contract.js';

export class UsingService {
  @Identifier({ description: 'Id of the service' }) id: string;
  @Text({ description: 'Its name', example: 'billing' }) name: string;
}

export class KeyUse {
  @Text({ description: 'Key ID (`kid`) of the tokens', example: '5b8d3c1e-7a44-4f0e-9d56-2f1c8e7b9a10' }) kid: string;
  @Text({ description: 'Name of the token profile', example: 'partner-tokens' }) profile: string;
  @Nested(() => UsingService, {
    nullable: true,
    description: 'The requesting service; null for users that the profile admits',
  })
  service: UsingService | null;
  @WholeNumber({ description: 'How many tokens were signed', example: 4_711 }) tokens: number;
  @Instant({ description: 'When the first one was signed' }) firstUsedAt: Rfc3339;
  @Instant({ description: 'When the last one was signed, exact to a minute' }) lastUsedAt: Rfc3339;
}

const Names = (maxItems: number, description: string, example: string) =>
  Items(Text(), { maxItems, description, example: [example] });

export class KeyUserList {
  @Items(Nested(() => KeyUse), {
    maxItems: KEY_USES_MAX,
    description: 'Uses in the last 400 days, latest first',
  })
  uses: KeyUse[];
  @Names(USERS_SHOWN_MAX, 'Names of the token profiles that sign with it', 'partner-tokens') profiles: string[];
  @Names(USERS_SHOWN_MAX, 'Names of the services that may request their tokens', 'billing') services: string[];
  @Names(
    CERTIFICATES_SHOWN_MAX,
    'Key IDs (`kid`) of its certificates that are not revoked',
    '3f0c8a52-6a2e-4b8e-9d3b-0d6a5c1e7f42',
  )
  certificates: string[];
  @Names(
    CERTIFICATES_SHOWN_MAX,
    'Ids of the authorities with this key, and of the authorities below them',
    '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47',
  )
  authorities: string[];
}

export const presentKeyUsers = (report: KeyUserReport): KeyUserList => ({
  uses: report.uses.map((use) => present(KeyUse, use)),
  profiles: report.profiles.slice(0, USERS_SHOWN_MAX),
  services: report.services.slice(0, USERS_SHOWN_MAX),
  certificates: report.certificates.slice(0, CERTIFICATES_SHOWN_MAX),
  authorities: report.authorities.slice(0, CERTIFICATES_SHOWN_MAX),
});
