import { Injectable } from '@nestjs/common';

import { DomainError, type Secret, type TenantScope, coreErrors } from '#core';
import { Database, type Tx } from '#database';

import { refusalOf } from './credential-rules.js';
import { CredentialSecrets } from './credential-secrets.js';
import { readSituation } from './credential-situation.js';
import { Credential, Service } from './entities.js';
import { credentialEvents } from './events.js';

/** A credential whose secret an answer has shown. */
interface ShownCredential {
  readonly serviceId: string;
  readonly credentialId: string;
}

/** Opens the secrets of an answer that is repeated: they are not stored with it. */
@Injectable()
export class SecretRepetition {
  constructor(
    private readonly database: Database,
    private readonly secrets: CredentialSecrets,
  ) {}

  /**
   * The secrets of credentials, by the rules of revealing and with that event each; all or none. Where the tenant permits
   * one reveal only, this is it.
   * @throws GONE where one was deleted, is no longer live, or may not be shown again
   */
  async reveal(scope: TenantScope, credentials: readonly ShownCredential[]): Promise<Secret[]> {
    return this.database.transaction(scope, async (tx) => {
      const secrets: Secret[] = [];
      for (const shown of credentials) secrets.push(await this.revealOne(tx, shown));
      return secrets;
    });
  }

  private async revealOne(tx: Tx, { serviceId, credentialId }: ShownCredential): Promise<Secret> {
    await tx.lockIfPresent(Service, { id: serviceId });
    const situation = await readSituation(tx, serviceId, credentialId).catch((error: unknown) => {
      throw error instanceof DomainError && error.kind === 'not-found' ? gone(credentialId, 'DELETED') : error;
    });
    const refusal = refusalOf('reveal', situation);
    if (refusal) throw gone(credentialId, refusal);
    const secret = await this.secrets.open(tx, situation.credential);
    // The version stays: the answer that is repeated names it.
    await tx.note(Credential, { id: credentialId }, { revealedAt: tx.now });
    tx.record(credentialEvents.revealed(credentialId, { credentialId, details: { serviceId, repeated: true } }));
    return secret;
  }
}

const gone = (credentialId: string, reason: string): Error =>
  coreErrors.GONE({
    detail: `The secret of credential ${credentialId} cannot be shown again: ${reason}`,
    extensions: { reason },
  });
