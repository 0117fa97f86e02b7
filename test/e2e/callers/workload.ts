import { type Clock, SECOND } from '#core';

import type { ScriptedProvider } from '../../support/identity-provider.js';
import type { Answer, TestServer } from '../../support/server.js';

export const AUDIENCE = 'https://chancery.test';
export const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const JWT = 'urn:ietf:params:oauth:token-type:jwt';
export const ANY_ID = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';

/** What a platform says of a workload, and the trust that accepts it. */
export interface Workload {
  /** Seconds since 1970. */
  now(): number;
  /** Claims as those of a pipeline, each time with another `jti`. */
  job(more?: object): Record<string, unknown>;
  rules(more?: object): Record<string, unknown>;
}

let jobs = 0;

export function workloadOf(issuer: ScriptedProvider, clock: Clock): Workload {
  const now = (): number => Math.floor(clock.now() / SECOND);
  return {
    now,
    job: (more = {}) => ({
      iss: issuer.issuer,
      aud: AUDIENCE,
      sub: 'repo:acme/shop:environment:prod',
      repository_id: '74',
      iat: now(),
      exp: now() + 300,
      jti: `job-${++jobs}`,
      ...more,
    }),
    rules: (more = {}) => ({
      name: 'ci',
      issuer: issuer.issuer,
      audience: AUDIENCE,
      subject: 'repo:acme/shop:environment:*',
      claims: { repository_id: '74' },
      ...more,
    }),
  };
}

export function postExchange(server: TestServer, form: Record<string, string> | string): Promise<Answer> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return server.request('POST', '/v1/token-exchange', String(new URLSearchParams(form)), { headers });
}

export async function exchangeToken(
  server: TestServer,
  serviceId: string,
  token: string | Promise<string>,
): Promise<Answer> {
  return postExchange(server, {
    grant_type: GRANT,
    subject_token: await token,
    subject_token_type: JWT,
    audience: serviceId,
  });
}
