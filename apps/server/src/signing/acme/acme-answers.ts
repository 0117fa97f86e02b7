import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import {
  type AccountRequest,
  type AcmeCall,
  AcmeRequests,
  type KeyRequest,
  Nonces,
  RefusedAcmeRequests,
  acmeUrls,
  asAcmeError,
} from '#acme';
import { PublicUrl } from '#config';
import { type DomainError, isUuid } from '#core';

import type { ProblemForm } from '../../http/problem-forms.js';
import { pathOf } from '../../http/problem.js';
import { sourceAddressOf } from '../../http/source-address.js';

/** Below it is everything of the protocol. */
export const ACME_PATH = '/acme/';

/** The header fields that every answer has (RFC 8555 §6.5, §7.1), and what is read of every request. */
@Injectable()
export class AcmeAnswers implements ProblemForm {
  /** Verified facts about requests that are being answered. */
  readonly #proven = new WeakMap<FastifyRequest, AccountRequest>();

  constructor(
    private readonly requests: AcmeRequests,
    private readonly refused: RefusedAcmeRequests,
    private readonly nonces: Nonces,
    private readonly publicUrl: PublicUrl,
  ) {}

  /** A POST, as it arrived. */
  callOf(request: FastifyRequest): AcmeCall {
    return {
      caId: caIdOf(request),
      path: pathOf(request.url),
      contentType: request.headers['content-type'],
      body: request.body,
      requestId: request.id,
      sourceAddress: sourceAddressOf(request),
    };
  }

  /** A request of an account. @param path with a query where one is signed @throws as `AcmeRequests.ofAccount` */
  async ofAccount(request: FastifyRequest, path = pathOf(request.url)): Promise<AccountRequest> {
    const asked = await this.requests.ofAccount({ ...this.callOf(request), path });
    this.#proven.set(request, asked);
    return asked;
  }

  /** A request of an account, or of a key that it brings. @throws as `AcmeRequests.ofAccountOrKey` */
  async ofAccountOrKey(request: FastifyRequest): Promise<AccountRequest | KeyRequest> {
    const asked = await this.requests.ofAccountOrKey(this.callOf(request));
    if ('account' in asked) this.#proven.set(request, asked);
    return asked;
  }

  /** A nonce for the next request, and where the directory is. @throws SEALED */
  async prepare(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const caId = caIdOf(request);
    reply.headers({ 'Replay-Nonce': await this.nonces.issue(), 'Cache-Control': 'no-store' });
    // What is no id leads nowhere, and can have characters that no header field has.
    if (isUuid(caId)) reply.header('Link', `<${acmeUrls(this.publicUrl.current, caId).directory}>;rel="index"`);
  }

  /**
   * A problem document of the protocol for what was refused, with a nonce for the next attempt (§6.5); on a server that has
   * no key for nonces, it has none. What an account signed is recorded.
   */
  async formOf(request: FastifyRequest, reply: FastifyReply, refused: DomainError): Promise<DomainError> {
    const error = asAcmeError(refused);
    const proven = this.#proven.get(request);
    if (proven) await this.refused.noteAccount(proven, error);
    if (reply.sent) return error;
    const { account } = error.extensions;
    // RFC 8555 §7.3.5: where the account is that has the key.
    if (typeof account === 'string') reply.header('Location', account);
    await this.prepare(request, reply).catch(() => undefined);
    return error;
  }
}

/** A further link of an answer that has that of the directory. */
export function addLink(reply: FastifyReply, url: string, relation: string): void {
  reply.header('Link', [reply.getHeader('Link') as string, `<${url}>;rel="${relation}"`]);
}

/** By the path: of what has no route there are no parameters. */
const caIdOf = ({ url }: FastifyRequest): string => pathOf(url).split('/')[2] ?? '';
