import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { CountedUses, RepeatedEvents } from '#audit';
import type { Actor } from '#core';

import { ApiToken } from './entities.js';
import { apiTokenEvents } from './events.js';

/** A rejected use of a genuine API token. */
interface RefusedApiToken {
  readonly token: Pick<ApiToken, 'id' | 'tenantId'>;
  /** The owner of the token. */
  readonly actor: Actor;
  /**
   * The code of the response, or `API_TOKEN_REVOKED`, `API_TOKEN_EXPIRED` or `API_TOKEN_TOO_BROAD_FOR_URL`, which the response
   * does not distinguish.
   */
  readonly code: string;
  readonly requestId: string;
  readonly sourceAddress: string | null;
}

/**
 * Records rejected uses of genuine API tokens: revoked, expired or without an owner, from an address that is not allowed, or in
 * a URL with more permissions than URLs may carry. So owners see which old tokens are still in use.
 */
@Injectable()
export class RefusedApiTokens implements OnApplicationShutdown {
  readonly #counted = new CountedUses<RefusedApiToken>((...counted) => this.write(...counted), 'API token');

  constructor(private readonly events: RepeatedEvents) {}

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  /** Never throws: the request is rejected even if the record fails. */
  async note(use: RefusedApiToken): Promise<void> {
    await this.#counted.note(`${use.token.id}:${use.code}`, use);
  }

  /** Writes the counts since the last call; counts that cannot be written are kept for the next. */
  async flush(): Promise<void> {
    await this.#counted.flush();
  }

  private async write(use: RefusedApiToken, uses: number, sourceAddresses: readonly string[]): Promise<void> {
    const { token, actor, code, requestId, sourceAddress } = use;
    const { id, tenantId } = token;
    const event = {
      subject: `api-token:${id}:${code}`,
      histories: [tenantId],
      origin: { actor, requestId, sourceAddress },
      event: apiTokenEvents.use_refused(id, { outcome: 'denied', credentialId: id, details: { code } }),
      sourceAddresses,
    };
    await this.events.record(event, uses, async (tx) => {
      await tx.increment(ApiToken, { id }, 'refusedUses', uses);
      await tx.note(ApiToken, { id }, { lastRefusedAt: tx.now });
    });
  }
}
