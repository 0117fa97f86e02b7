import {
  type AcmeAccount as AccountRow,
  type AcmeAccountState,
  type AcmeBindingWithKey as MadeBinding,
  type AcmeOrder as OrderRow,
  type AcmeOrderState,
  type ShownAcmeBinding,
  acmeAccountStates,
  acmeOrderStates,
} from '#acme';
import type { Rfc3339 } from '#core';

import { AnswerSecret, type SecretReference, type SecretText } from '../http/answer-once.js';
import { Choice, Identifier, Instant, Items, Text, WholeNumber } from '../http/fields.js';
import { present } from '../http/present.js';
import { PageOf, PageQuery } from './page.contract.js';

const Expiry = (options = {}) => Instant({ description: 'Until when an account can be bound', ...options });

export class NewAcmeBinding {
  @Identifier({ optional: true, description: 'The issuing authority; default: the default issuer' })
  caId?: string;

  @Expiry({
    optional: true,
    description: 'Until when an account can be bound: at most 90 days from now; default: 7 days',
  })
  expiresAt?: number;
}

export class AcmeBinding {
  @Identifier({ description: 'Id of the binding: the key identifier that the client sends (`eab-kid`)' }) id: string;
  @Identifier({ description: 'Id of the service that owns the certificates' }) serviceId: string;
  @Identifier({ description: 'Id of the authority that issues them' }) caId: string;
  @Text({
    max: 2_048,
    description: 'The directory URL for the client',
    example: 'https://chancery.example/acme/0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47/directory',
  })
  directoryUrl: string;
  @Identifier({ nullable: true, description: 'Id of the bound account; null before it exists' })
  accountId: string | null;
  @Expiry() expiresAt: Rfc3339;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
}

export class AcmeBindingPage extends PageOf(AcmeBinding) {}

export class AcmeBindingWithKey extends AcmeBinding {
  @Text({
    max: 100,
    description: 'The HMAC key, base64url (`eab-hmac-key`); shown only once',
    example: 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wGZf5LkQ3k',
  })
  hmacKey: SecretText;
}

export class AcmeAccountQuery extends PageQuery {
  @Identifier({ optional: true, description: 'Only those of this service' }) serviceId?: string;
}

export class AcmeAccount {
  @Identifier({ description: 'Id of the account' }) id: string;
  @Identifier({ description: 'Id of the service that owns its certificates' }) serviceId: string;
  @Identifier({ description: 'Id of the authority that issues them' }) caId: string;
  @Identifier({ description: 'Id of the binding that created it' }) bindingId: string;
  @Choice(acmeAccountStates, { description: 'State of the account (RFC 8555 §7.1.6)' }) state: AcmeAccountState;
  @Items(Text({ max: 512 }), { maxItems: 10, description: 'Its contacts', example: ['mailto:ops@example.com'] })
  contacts: string[];
  @Text({
    max: 64,
    description: 'SHA-256 of its public key (SubjectPublicKeyInfo)',
    example: 'b1946ac92492d2347c6235b4',
  })
  publicKeyHash: string;
  @Instant({ nullable: true, description: 'When it last ordered a certificate, to the hour' })
  lastUsedAt: Rfc3339 | null;
  @WholeNumber({ description: 'Increases with each change', example: 1 }) version: number;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
  @Instant({ description: 'When it last changed' }) updatedAt: Rfc3339;
}

export class AcmeAccountPage extends PageOf(AcmeAccount) {}

export class AcmeOrderOfAccount {
  @Identifier({ description: 'Id of the order' }) id: string;
  @Choice(acmeOrderStates, { description: 'State of the order (RFC 8555 §7.1.6)' }) state: AcmeOrderState;
  @Items(Text({ max: 253 }), {
    maxItems: 50,
    description: 'Its DNS names and IP addresses',
    example: ['billing.acme.internal'],
  })
  names: string[];
  @Text({ max: 64, nullable: true, description: 'The certificate (`kid`); null until it is issued', example: 'e3f1' })
  certificateKid: string | null;
  @Text({ max: 64, nullable: true, description: 'The certificate (`kid`) that it replaces', example: 'e3f0' })
  replacesKid: string | null;
  @Instant({ description: 'Until when it can be finalized' }) expiresAt: Rfc3339;
  @Instant({ description: 'When it was created' }) createdAt: Rfc3339;
}

export class AcmeOrderPage extends PageOf(AcmeOrderOfAccount) {}

/** The key of a binding: as long as it binds nothing it is opened again from its own place. */
interface AcmeBindingReference extends SecretReference {
  readonly kind: 'acme-binding';
  readonly bindingId: string;
}

export const isAcmeBinding = (reference: SecretReference): reference is AcmeBindingReference =>
  reference.kind === 'acme-binding';

export const presentAcmeBinding = ({ binding, directoryUrl }: ShownAcmeBinding): AcmeBinding =>
  present(AcmeBinding, { ...binding, directoryUrl });

export function presentAcmeBindingWithKey(made: MadeBinding): AcmeBindingWithKey {
  const reference: AcmeBindingReference = { kind: 'acme-binding', bindingId: made.binding.id };
  return {
    ...presentAcmeBinding(made),
    hmacKey: new AnswerSecret(made.hmacKey, reference, made.binding.expiresAt),
  };
}

export const presentAcmeAccount = (row: AccountRow): AcmeAccount => present(AcmeAccount, row);

export const presentAcmeOrder = (row: OrderRow): AcmeOrderOfAccount => present(AcmeOrderOfAccount, row);
