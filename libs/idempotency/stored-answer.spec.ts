import { randomBytes } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { DomainError } from '#core';

import { ANSWER_BYTES_MAX, packAnswer, unpackAnswer } from './stored-answer.js';

const answerOf = (text: string): Buffer => Buffer.from(JSON.stringify({ status: 200, body: text, secrets: [] }));

describe('packAnswer', () => {
  it('packAnswer leaves an answer as it is that fits, as earlier versions stored it', async () => {
    const answer = answerOf('x'.repeat(60_000));
    expect(await packAnswer(answer)).toBe(answer);
    expect(await unpackAnswer(answer)).toBe(answer);
  });

  it('packAnswer makes a long answer fit, and unpackAnswer gives it back', async () => {
    const answer = answerOf(`${randomBytes(500_000).toString('base64url')}${'header '.repeat(100_000)}`);
    const packed = await packAnswer(answer);
    expect(packed.length).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
    expect((await unpackAnswer(packed)).equals(answer)).toBe(true);
  });

  it('packAnswer rejects an answer that is too large even compressed', async () => {
    const answer = answerOf(randomBytes(ANSWER_BYTES_MAX).toString('base64url'));
    const refusal: unknown = await packAnswer(answer).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DomainError);
    expect(refusal).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });
});
