import { randomUUID } from 'node:crypto';

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

export const newHash = (): string => `${randomUUID()}${randomUUID()}`.replaceAll('-', '').slice(0, 64);

/** Whole rows of a tenant that nothing but the scheduler would look at, by their keys. */
export function rowsOf(tenantId: string) {
  const invitation = (state: string) => (id: string) => ({
    id,
    tenantId,
    email: `${id}@example.test`,
    role: 'auditor',
    state,
    lookupHash: newHash(),
    invitedBy: id,
    version: 1,
    createdAt: 0,
    updatedAt: 0,
    expiresAt: 0,
  });

  const rotation = (state: string) => (id: string) => ({
    id,
    tenantId,
    state,
    filter: '{}',
    overlapSeconds: 0,
    deleteInactive: 0,
    total: 10,
    rotated: 0,
    rejected: 0,
    requestedBy: id,
    version: 1,
    createdAt: 0,
    updatedAt: 0,
  });

  const rotationItem = (rotationId: string, finishedAt: number | null) => (id: string) => ({
    id,
    tenantId,
    rotationId,
    credentialId: id,
    serviceId: id,
    dueAt: Number.MAX_SAFE_INTEGER,
    finishedAt,
  });

  const foreignCertificate = (id: string): Row => ({
    id,
    tenantId,
    keyId: id,
    kid: id,
    expiredAt: null,
    serialNumber: '01',
    subject: 'CN=a',
    issuer: 'CN=b',
    publicKeyHash: newHash(),
    certificatePem: '',
    notBefore: 0,
    notAfter: Number.MAX_SAFE_INTEGER,
    announcedAt: null,
    createdAt: 0,
    updatedAt: 0,
  });

  const workloadCredential = (id: string): Row => ({
    id,
    tenantId,
    serviceId: id,
    trustId: id,
    lookupHash: newHash(),
    createdAt: 0,
    expiresAt: 0,
    keptUntil: 0,
  });

  const apiToken = (id: string): Row => ({
    id,
    tenantId,
    name: 'old',
    ownerId: id,
    permissions: '[]',
    stepUp: 0,
    allowedCidrs: '[]',
    lookupHash: newHash(),
    tokenMasked: 'x',
    createdBy: id,
    createdAt: 0,
    expiresAt: 0,
  });

  const unconfirmedFactor = (id: string): Row => ({
    id,
    userId: id,
    kind: 'passkey',
    name: 'new',
    counter: 0,
    challenge: 'x',
    createdAt: 0,
    expiresAt: 0,
  });

  const historyMonth = (id: string): Row => ({
    id,
    tenantId,
    month: id.slice(0, 16),
    endsAt: Number.MAX_SAFE_INTEGER,
    createdAt: 0,
  });

  const mail = (id: string): Row => ({
    id,
    state: 'delivered',
    recipient: 'someone@example.com',
    attempts: 1,
    dueAt: 0,
    triedUntil: 0,
    createdAt: 0,
  });

  const providerSignIn = (lookupHash: string) => ({
    lookupHash,
    identityProviderId: tenantId,
    redirectUri: 'http://127.0.0.1/',
    createdAt: 0,
    expiresAt: 0,
  });

  const passwordReset = (id: string): Row => ({
    id,
    userId: id,
    kind: 'reset',
    lookupHash: newHash(),
    startedBy: id,
    createdAt: 0,
    expiresAt: 0,
  });

  /** Of an address without an account. */
  const resetRequest = (id: string): Row => ({ id, email: `${id}@example.test`, createdAt: 0 });

  return {
    workloadCredential,
    apiToken,
    providerSignIn,
    invitation,
    rotation,
    rotationItem,
    foreignCertificate,
    mail,
    historyMonth,
    unconfirmedFactor,
    passwordReset,
    resetRequest,
  };
}

/** A private key in the store `transit`, which the tests that plant it configure: it is removed there first, and has never been there. */
export const storedKeyKinds = (
  tenantId: string,
  insert: (table: string, row: (key: string) => Row) => () => Promise<string>,
) => ({
  'private key in a key store': {
    table: 'key_store_objects',
    statement: 'DELETE' as const,
    make: insert('key_store_objects', (id) => ({ id, tenantId, store: 'transit', createdAt: 0 })),
    due: (at: number): Row => ({ destroyAt: at }),
    unhandled: {},
  },
});
