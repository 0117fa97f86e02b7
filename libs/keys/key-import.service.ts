import { Injectable } from '@nestjs/common';

import type { Secret, TenantScope } from '#core';
import { normalContacts } from '#contacts';
import { type AlgorithmName, CpuQueue, keyFileWork } from '#crypto';
import { type Committed, Database } from '#database';
import { type KeyFormatName, readKey } from '#pki';
import { Vault } from '#vault';

import { KeyFingerprints, requireUncompromised } from './compromised-keys.js';
import { keyEvents } from './events.js';
import { insertKey } from './first-version.js';
import { requireRoomForVersion } from './key-quota.js';
import type { KeyWithVersions } from './versions.js';

export interface ImportRequest {
  readonly name: string;
  readonly algorithm: AlgorithmName;
  readonly format: KeyFormatName;
  /** The key file: PEM, JSON, XML, Base64 or the secret itself. */
  readonly data: Secret;
  /** The passphrase of the file. */
  readonly password?: Secret | undefined;
  readonly exportable?: boolean | undefined;
  /** E-mail addresses of its contacts. */
  readonly contacts?: readonly string[] | undefined;
}

/** Imports keys that were generated elsewhere. */
@Injectable()
export class KeyImport {
  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly fingerprints: KeyFingerprints,
    private readonly cpu: CpuQueue,
  ) {}

  /**
   * Imports a key; its first version signs immediately.
   * @throws KEY_NAME_TAKEN, KEY_LIMIT_REACHED, KEY_COMPROMISED, INVALID_KEY, WEAK_KEY, INCONSISTENT_KEY,
   *   PASSPHRASE_REQUIRED, PASSPHRASE_INVALID, BUSY
   */
  async importKey(scope: TenantScope, request: ImportRequest): Promise<Committed<KeyWithVersions>> {
    const { name, algorithm, format, exportable = false } = request;
    await this.database.read(scope, requireRoomForVersion);
    const passphrase = request.password?.reveal();
    const work = { ...(passphrase === undefined ? keyFileWork.check : keyFileWork.decrypt), group: scope.tenantId };
    const { signingKey, ...read } = await this.cpu.run(work, () =>
      readKey(format, request.data.reveal(), { algorithm, passphrase }),
    );
    const { fingerprint } = await this.fingerprints.of(scope.tenantId, signingKey);
    return this.database.transaction(scope, async (tx) => {
      const { key, version } = await insertKey(tx, this.vault, {
        name,
        algorithm,
        exportable,
        ...read,
        half: { in: 'database', signingKey },
        origin: 'imported',
        rotateEverySeconds: null,
        contacts: normalContacts(request.contacts ?? []),
      });
      await requireUncompromised(tx, fingerprint);
      const after = { name, algorithm, exportable, weak: key.weak, contacts: key.contacts ?? [] };
      tx.record(keyEvents.imported(key.id, { kid: version.kid, after, details: { format } }));
      return { key, versions: [version] };
    });
  }
}
