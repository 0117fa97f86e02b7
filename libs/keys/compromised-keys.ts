import { keyFromJwk, publicKeyToBytes } from '#crypto';
import { IsNull, Not, type View } from '#database';

import { KeyVersion } from './entities.js';

const KEYS_MAX = 10_000;

/**
 * The public halves (SubjectPublicKeyInfo, DER) of the tenant's key versions that were marked as compromised: whatever
 * certifies a key must not certify one of these. A step; platform work must name the tenant.
 */
export async function compromisedPublicKeys(view: View, tenantId: string): Promise<Buffer[]> {
  const versions = await view.find(
    KeyVersion,
    { tenantId, state: 'compromised', publicJwk: Not(IsNull()) },
    { limit: KEYS_MAX },
  );
  return versions.flatMap(({ publicJwk }) => (publicJwk ? [publicKeyToBytes(keyFromJwk(publicJwk))] : []));
}
