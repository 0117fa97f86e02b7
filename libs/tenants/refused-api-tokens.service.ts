import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { CountedUses, RepeatedEvents } from '#audit';
import type { Actor } from '#core';

import { ApiToken } from './entities.js';
import { apiTokenEvents } from './events.js';

/** A use of an API token that was shown and rejected nevertheless. */
interface RefusedApiToken {
  readonly token: Pick<ApiToken, 'id' | 'tenantId'>;
  /** Who owns it. */
  readonly actor: Actor;
  /**
   * The code of the answer, or `API_TOKEN_REVOKED`, `API_TOKEN_EXPIRED` and `API_TOKEN_TOO_BROAD_FOR_URL`, which the code of the
   * answer does not tell apart.
   */
  readonly code: string;
  readonly requestId: string;
  readonly sourceAddress: string | null;
}

/**
 * Writes down uses of API tokens that are revoked or expired, have no owner any more, come from an address that is not
 * allowed, or were put into a URL though they hold more than a URL may: an owner sees who still has an old one.
 */
@Injectable()
export class RefusedApiTokens implements OnApplicationShutdown {
  readonly #counted = new CountedUses<RefusedApiToken>((...counted) => this.write(...counted), 'API token');

  constructor(private readonly events: RepeatedEvents) {}

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  /** Never throws: the answer is the refusal, whatever becomes of its record. */
  async note(use: RefusedApiToken): Promise<void> {
    await this.#counted.note(`${use.token.id}:${use.code}`, use);
  }

  /** Writes what was counted since the last time; what cannot be written is kept for the next. */
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
