import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { type AcmeCall, Nonces, acmeUrls } from '#acme';
import { PublicUrl } from '#config';
import { type DomainError, isUuid } from '#core';

import { pathOf } from '../../http/problem.js';
import { sourceAddressOf } from '../../http/source-address.js';

/** The header fields that every answer has (RFC 8555 §6.5, §7.1), and what is read of every request. */
@Injectable()
export class AcmeAnswers {
  constructor(
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

  /** A nonce for the next request, and where the directory is. @throws SEALED */
  async prepare(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const caId = caIdOf(request);
    reply.headers({ 'Replay-Nonce': await this.nonces.issue(), 'Cache-Control': 'no-store' });
    // What is no id leads nowhere, and can have characters that no header field has.
    if (isUuid(caId)) reply.header('Link', `<${acmeUrls(this.publicUrl.current, caId).directory}>;rel="index"`);
  }

  /** The same for a refusal; on a server that has no key for nonces, it has none. */
  async prepareRefusal(request: FastifyRequest, reply: FastifyReply, { extensions }: DomainError): Promise<void> {
    const { account } = extensions;
    // RFC 8555 §7.3.5: where the account is that has the key.
    if (typeof account === 'string') reply.header('Location', account);
    await this.prepare(request, reply).catch(() => undefined);
  }
}

/** A further link of an answer that has that of the directory. */
export function addLink(reply: FastifyReply, url: string, relation: string): void {
  reply.header('Link', [reply.getHeader('Link') as string, `<${url}>;rel="${relation}"`]);
}

const caIdOf = (request: FastifyRequest): string => (request.params as { readonly caId: string }).caId;
