import type { ProviderAnswer } from '#sdk';

const MEMBERS = ['code', 'error', 'iss'] as const;

/**
 * The parameters of an answer (RFC 6749 §4.1.2, RFC 9207) in the query of an address; others are left out.
 * @param identityProviderId from the path of the address: to whose redirect URI the answer came
 */
export function providerAnswerIn(identityProviderId: string, query: string): ProviderAnswer {
  const parameters = new URLSearchParams(query);
  const given = MEMBERS.flatMap((name) => {
    const value = parameters.get(name);
    return value === null || value === '' ? [] : [[name, value] as const];
  });
  return { identityProviderId, state: parameters.get('state') || 'none', ...Object.fromEntries(given) };
}
