import { hash, timingSafeEqual } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import { CONFIGURATION } from '#config';
import { coreErrors } from '#core';
import type { Configuration } from '#installation';

/** The port and the token of metrics. */
@Injectable()
export class MetricsAccess {
  constructor(@Inject(CONFIGURATION) private readonly configuration: Configuration) {}

  /** The separate port; `undefined` if there is none. */
  get port(): number | undefined {
    return this.configuration.metricsPort;
  }

  /**
   * Checks a request for metrics on the port of the API, which requires a token and no separate port.
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
    // Hashes have the same length, so that the time of the comparison discloses nothing.
    if (!timingSafeEqual(digest(authorization), digest(`Bearer ${expected}`))) throw coreErrors.INVALID_CREDENTIALS();
  }
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
