import { Injectable } from '@nestjs/common';

import { DomainError } from '#core';
import { Counter, type MetricSource, Measures, counter, defineMetrics } from '#metrics';

import type { Verdict } from './token-format.js';

const metrics = defineMetrics({
  chancery_tokens_signed_total: counter('Tokens that were signed, by format and algorithm', 'format', 'algorithm'),
  chancery_signing_refusals_total: counter(
    'Requests for a token that were refused, by the code of the refusal',
    'code',
  ),
  chancery_tokens_verified_total: counter(
    'Tokens that were verified, by format, algorithm and verdict',
    'format',
    'algorithm',
    'code',
  ),
});

/** What was signed and verified. */
@Measures({ metrics })
@Injectable()
export class TokenMetrics implements MetricSource<typeof metrics> {
  readonly #signed = new Counter();
  readonly #refused = new Counter();
  readonly #verified = new Counter();

  signed({ format, algorithm }: { readonly format: string; readonly algorithm: string }): void {
    this.#signed.increment(format, algorithm);
  }

  refused(error: unknown): void {
    this.#refused.increment(error instanceof DomainError ? error.code : 'INTERNAL_ERROR');
  }

  verified(format: string, algorithm: string, { code }: Verdict): void {
    this.#verified.increment(format, algorithm, code);
  }

  measure() {
    return {
      chancery_tokens_signed_total: this.#signed,
      chancery_signing_refusals_total: this.#refused,
      chancery_tokens_verified_total: this.#verified,
    };
  }
}
