import { hash, timingSafeEqual } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import { CONFIGURATION } from '#config';
import { coreErrors } from '#core';
import type { Configuration } from '#installation';

/** Where metrics are served, and to whom. */
@Injectable()
export class MetricsAccess {
  constructor(@Inject(CONFIGURATION) private readonly configuration: Configuration) {}

  /** The port of its own; `undefined` where there is none. */
  get port(): number | undefined {
    return this.configuration.metricsPort;
  }

  /**
   * Whether a request to the port of the API may read metrics: only where they have no port of their own, and a token.
   * @throws NOT_FOUND, CREDENTIALS_REQUIRED, INVALID_CREDENTIALS
   */
  requireOnMainPort(authorization: string | undefined): void {
    if (this.port !== undefined || this.configuration.metricsToken === undefined) throw coreErrors.NOT_FOUND();
    this.require(authorization);
  }

  /** The same on the port of its own, where a token is optional. @throws CREDENTIALS_REQUIRED, INVALID_CREDENTIALS */
  require(authorization: string | undefined): void {
    const expected = this.configuration.metricsToken?.reveal();
    if (expected === undefined) return;
    if (authorization === undefined) throw coreErrors.CREDENTIALS_REQUIRED();
    // Hashes have one length, so that how long the comparison takes tells nothing.
    if (!timingSafeEqual(digest(authorization), digest(`Bearer ${expected}`))) throw coreErrors.INVALID_CREDENTIALS();
  }
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
