import { dataOf } from '#sdk';

import type { Schemas } from './queries.js';
import { client } from './server.js';
import type { StepUpHeader } from './step-up.js';

export type Credential = Schemas['Credential'];

export const AUTH_TYPES = { service_key: 'Service key', jwt: 'JWT token' } as const;

const CREDENTIALS = '/v1/tenants/{tenantId}/services/{serviceId}/credentials';
const CREDENTIAL = `${CREDENTIALS}/{credentialId}` as const;

/** The calls on the credentials of one service of a tenant. */
export function credentialsOf(tenantId: string, serviceId: string) {
  const at = ({ id }: Pick<Credential, 'id'>) => ({ path: { tenantId, serviceId, credentialId: id } });
  return {
    create: (body: Schemas['NewCredential']) =>
      dataOf(client.POST(CREDENTIALS, { params: { path: { tenantId, serviceId } }, body })),
    reveal: async (credential: Credential) =>
      (await dataOf(client.POST(`${CREDENTIAL}/reveal`, { params: at(credential) }))).secret,
    foreseeDiscard: async (credential: Credential) =>
      (await dataOf(
        client.POST(`${CREDENTIAL}/discard`, { params: { ...at(credential), query: { dryRun: true } } }),
      )) as Schemas['CredentialDryRun'],
    discard: (credential: Credential) => dataOf(client.POST(`${CREDENTIAL}/discard`, { params: at(credential) })),
    reactivate: (credential: Credential) => dataOf(client.POST(`${CREDENTIAL}/reactivate`, { params: at(credential) })),
    compromise: (credential: Credential, reason: string | undefined) =>
      dataOf(
        client.POST(`${CREDENTIAL}/compromise`, {
          params: at(credential),
          body: reason === undefined ? {} : { reason },
        }),
      ),
    delete: (credential: Credential, header: StepUpHeader) =>
      dataOf(client.DELETE(CREDENTIAL, { params: { ...at(credential), header }, body: {} })),
  };
}

/** Why an action is not possible now, as the server says of each credential; `undefined` where it is. */
export const blockOf = ({ blockedActions }: Credential, action: string): string | undefined => {
  const code = (blockedActions as Readonly<Record<string, unknown>>)[action];
  return typeof code === 'string' ? code : undefined;
};
