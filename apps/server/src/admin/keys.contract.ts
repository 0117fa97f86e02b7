import { DAY, HOUR, type Rfc3339, SECOND, coreErrors } from '#core';
import {
  type AlgorithmName,
  type PublicJwk,
  RSA_MODULUS_BITS,
  RSA_MODULUS_BITS_DEFAULT,
  type RsaModulusBits,
  algorithm,
  algorithmNames,
} from '#crypto';
import {
  type KeyDryRun as Foreseen,
  type KeyState,
  type KeyVersionState,
  type KeyWithVersions,
  type NewKey as KeyRequest,
  keyLifecycle,
  keyVersionLifecycle,
} from '#keys';
import {
  Choice,
  Flag,
  Identifier,
  Instant,
  InstantOrDate,
  Items,
  JsonObject,
  NameText,
  Nested,
  Text,
  WholeNumber,
} from '../http/fields.js';
import { present } from '../http/present.js';
import { Contacts, Owner } from './contacts.contract.js';
import { KeyStoreName } from './key-store.contract.js';
import { NamedPageQuery, PageOf, UnusedSince } from './page.contract.js';
import { ForcedAction } from './step-up.contract.js';

const ROTATION_SECONDS_MIN = HOUR / SECOND;
const ROTATION_SECONDS_MAX = (3_650 * DAY) / SECOND;
const MODULUS_BITS_MIN = Math.min(...RSA_MODULUS_BITS);
const MODULUS_BITS_MAX = Math.max(...RSA_MODULUS_BITS);
const IMPORTED_MODULUS_BITS_MIN = 1_024;
const VERSIONS_SHOWN_MAX = 100;
export const USERS_SHOWN_MAX = 10_000;
export const CERTIFICATES_SHOWN_MAX = 100;

export const KeyName = (options = {}) =>
  NameText({
    max: 100,
    pattern: /^[A-Za-z0-9][A-Za-z0-9._ -]*$/,
    description: 'Unique among the keys of the tenant',
    example: 'partner tokens',
    ...options,
  });
export const AlgorithmField = () =>
  Choice(algorithmNames, { description: 'JOSE name of the algorithm', example: 'ES256' });
const ModulusBits = (options = {}) =>
  WholeNumber({
    min: MODULUS_BITS_MIN,
    max: MODULUS_BITS_MAX,
    description: `RSA only: ${RSA_MODULUS_BITS.join(', ')}; ${RSA_MODULUS_BITS_DEFAULT} by default`,
    example: RSA_MODULUS_BITS_DEFAULT,
    ...options,
  });
const RotateEverySeconds = (options = {}) =>
  WholeNumber({
    min: ROTATION_SECONDS_MIN,
    max: ROTATION_SECONDS_MAX,
    description: 'Rotation period in seconds',
    example: (90 * DAY) / SECOND,
    ...options,
  });
const Exportable = (options = {}) =>
  Flag({ description: 'Whether the private key can be exported', example: false, ...options });
const HappenedAt = (description: string) => Instant({ nullable: true, description });

export class KeyQuery extends NamedPageQuery {
  @Choice(keyLifecycle.states, {
    optional: true,
    description: 'Only those in this state now; destroyed keys are listed only if selected',
  })
  state?: KeyState;
  @Choice(algorithmNames, { optional: true, description: 'Only those of this algorithm', example: 'ES256' })
  algorithm?: AlgorithmName;
  @InstantOrDate({
    optional: true,
    description: 'Only those whose next version is due before this time; a date is the start of that day in UTC',
  })
  rotatesBefore?: number;
  @UnusedSince() unusedSince?: number;
  @Owner() owner?: string;
}

export class NewKey {
  @KeyName() name: string;
  @AlgorithmField() algorithm: AlgorithmName;
  @ModulusBits({ optional: true }) modulusBits?: number;
  @ModulusBits({ optional: true, description: 'The same as `modulusBits`' }) size?: number;
  @Exportable({ optional: true, default: false }) exportable?: boolean;
  @RotateEverySeconds({ optional: true }) rotateEverySeconds?: number;
  @Contacts({ optional: true }) contacts?: string[];
  @KeyStoreName({
    optional: true,
    description: 'Key store in which the private keys of all versions are created; they never leave it',
  })
  keyStore?: string;
}

export class KeyChange {
  @KeyName({ optional: true }) name?: string;
  @RotateEverySeconds({ optional: true, nullable: true, description: 'null: manual rotation only' })
  rotateEverySeconds?: number | null;
  @Exportable({
    optional: true,
    description: 'false: the private key can no longer be exported; cannot be set to true again',
  })
  exportable?: boolean;
  @Contacts({ optional: true }) contacts?: string[];
}

export class Key {
  @Identifier({ description: 'Id of the key' }) id: string;
  @KeyName() name: string;
  @Choice(keyLifecycle.states, { description: 'State; a deleted key can be restored for a limited time' })
  state: KeyState;
  @AlgorithmField() algorithm: AlgorithmName;
  @ModulusBits({ nullable: true, min: IMPORTED_MODULUS_BITS_MIN }) modulusBits: number | null;
  @Choice(['text', 'base64'], { nullable: true, description: 'Encoding of an imported secret' })
  secretEncoding: 'text' | 'base64' | null;
  @Choice(['generated', 'imported'], { description: 'Origin' }) origin: 'generated' | 'imported';
  @KeyStoreName({
    nullable: true,
    description: 'Key store of its private keys; null if they are sealed in the database',
  })
  keyStore: string | null;
  @Exportable() exportable: boolean;
  @Flag({ description: 'Weaker than the current minimum; imported', example: false }) weak: boolean;
  @RotateEverySeconds({ nullable: true }) rotateEverySeconds: number | null;
  @Contacts() contacts: string[];
  @WholeNumber({ description: 'Increases with each change; the ETag', example: 1 }) version: number;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
  @Instant({ description: 'When it last changed' }) updatedAt: Rfc3339;
  @HappenedAt('When its next version will be published') nextRotationAt: Rfc3339 | null;
  @HappenedAt('When a token was last signed with it, exact to a minute') lastUsedAt: Rfc3339 | null;
  @HappenedAt('When it was deleted') deletedAt: Rfc3339 | null;
  @HappenedAt('Until when a deleted key can be restored') destroysAt: Rfc3339 | null;
}

export class KeyPage extends PageOf(Key) {}

export class KeyVersion {
  @Text({ description: 'Key ID (`kid`)', example: '5b8d3c1e-7a44-4f0e-9d56-2f1c8e7b9a10' }) kid: string;
  @WholeNumber({ min: 1, description: 'Version number', example: 1 }) number: number;
  @Choice(keyVersionLifecycle.states, {
    description: 'The active one signs; pending, active and retired ones are published',
    example: 'active',
  })
  state: KeyVersionState;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
  @HappenedAt('When it starts to sign') activatesAt: Rfc3339 | null;
  @HappenedAt('When it started to sign') activatedAt: Rfc3339 | null;
  @HappenedAt('When its successor takes over') retiresAt: Rfc3339 | null;
  @HappenedAt('When it stopped signing') retiredAt: Rfc3339 | null;
  @HappenedAt('When it was marked as compromised') compromisedAt: Rfc3339 | null;
  @HappenedAt('When its private key was destroyed') destroyedAt: Rfc3339 | null;
  @HappenedAt('When the last token that it signed expires') lastTokenExpiresAt: Rfc3339 | null;
  @JsonObject({
    nullable: true,
    description: 'The public key as in the JWKS (RFC 7517); null for a shared secret',
    example: {
      kty: 'EC',
      kid: '5b8d3c1e-7a44-4f0e-9d56-2f1c8e7b9a10',
      use: 'sig',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      alg: 'ES256',
    },
  })
  publicJwk: PublicJwk | null;
}

export class KeyDetails extends Key {
  @Items(Nested(() => KeyVersion), { maxItems: VERSIONS_SHOWN_MAX, description: 'Newest first' })
  versions: KeyVersion[];
}

export class Rotation extends ForcedAction {
  @Flag({
    optional: true,
    default: false,
    description: 'Activate immediately instead of waiting for JWKS caches to refresh',
    example: false,
  })
  immediately?: boolean;
}

export class KeyCompromise {
  @Text({
    max: 500,
    optional: true,
    description: 'Reason, recorded in the history',
    example: 'Found in a public repository',
  })
  reason?: string;
}

export class KeyImpact {
  @Items(Text({ max: 64 }), {
    maxItems: USERS_SHOWN_MAX,
    description: 'Token profiles that sign with the key',
    example: ['partner-api'],
  })
  profiles: readonly string[];
  @Items(Text({ max: 100 }), {
    maxItems: USERS_SHOWN_MAX,
    description: 'Services that were granted one of them',
    example: ['billing'],
  })
  services: readonly string[];
  @HappenedAt('When the last signed token expires') lastTokenExpiresAt: Rfc3339 | null;
  @Items(Text({ max: 64 }), {
    optional: true,
    maxItems: CERTIFICATES_SHOWN_MAX,
    description: '`kid`s of the certificates of the key, which a compromise revokes',
    example: ['1f0c6c1e-52a0-4b0e-8e61-7d8f0b6c9a42'],
  })
  certificates?: readonly string[];
  @Items(Identifier(), {
    optional: true,
    maxItems: CERTIFICATES_SHOWN_MAX,
    description:
      'The authorities with the key, and those below them, which a compromise revokes together with their ' +
      'certificates',
    example: ['0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47'],
  })
  authorities?: readonly string[];
  @Items(Text({ max: 64 }), {
    optional: true,
    maxItems: CERTIFICATES_SHOWN_MAX,
    description: '`kid`s of other versions with the same key, which a compromise marks as well',
    example: ['1f0c6c1e-52a0-4b0e-8e61-7d8f0b6c9a42'],
  })
  keyVersions?: readonly string[];
  @Flag({ description: 'Whether no service and no unexpired token is affected' })
  safeNow: boolean;
}

export class KeyDryRun {
  @Flag({ description: 'Whether the action is allowed' }) allowed: boolean;
  @Text({ optional: true, description: 'Code of the rejection', example: 'WRONG_STATE' }) code?: string;
  @Nested(() => KeyImpact, { description: 'Dependent resources' }) impact: KeyImpact;
}

/** @throws VALIDATION_ERROR where the modulus is of a size that is not offered, or the key is none with a modulus */
export function toKeyRequest({ size, modulusBits = size, ...request }: NewKey): KeyRequest {
  if (modulusBits === undefined) return request;
  if (algorithm(request.algorithm).kind === 'rsa' && isOffered(modulusBits)) return { ...request, modulusBits };
  const detail = `one of ${RSA_MODULUS_BITS.join(', ')} is expected, and only for RSA`;
  throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '/modulusBits', code: 'INVALID_MODULUS_SIZE', detail }] });
}

const isOffered = (bits: number): bits is RsaModulusBits => RSA_MODULUS_BITS.some((offered) => offered === bits);

export const presentKey = (row: KeyWithVersions['key']): Key => present(Key, { ...row, contacts: row.contacts ?? [] });

export const presentKeyDetails = ({ key, versions }: KeyWithVersions): KeyDetails => ({
  ...presentKey(key),
  versions: versions.map((row) => present(KeyVersion, row)),
});

const shown = (names: readonly string[] | undefined) => names?.slice(0, CERTIFICATES_SHOWN_MAX);

export const presentKeyDryRun = ({ impact, ...decision }: Foreseen): KeyDryRun =>
  present(KeyDryRun, {
    ...decision,
    impact: present(KeyImpact, {
      ...impact,
      certificates: shown(impact.certificates),
      authorities: shown(impact.authorities),
      keyVersions: shown(impact.keyVersions),
    }),
  });
