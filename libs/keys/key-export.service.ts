import { isUtf8 } from 'node:buffer';

import { Injectable } from '@nestjs/common';

import { Secret, type TenantScope, coreErrors, platformScope } from '#core';
import {
  CpuQueue,
  type PublicJwk,
  algorithm,
  keyFileErrors,
  keyFromJwk,
  keyFileWork,
  keyObjectFromBytes,
} from '#crypto';
import { Database, type View } from '#database';
import { type KeyFormatName, keyFormats } from '#pki';
import { Users } from '#tenants';
import { Vault } from '#vault';

import { Key, KeyVersion } from './entities.js';
import { keyErrors } from './errors.js';
import { keyEvents } from './events.js';
import { keyStateAt, versionStateAt } from './lifecycle.js';
import { privateHalves } from './versions.js';

export interface ExportRequest {
  readonly format: KeyFormatName;
  /** The caller's password. */
  readonly password: string | undefined;
  /** The passphrase that encrypts the file, if its format is encrypted. */
  readonly passphrase?: Secret | undefined;
}

export interface ExportedKey {
  readonly kid: string;
  readonly format: KeyFormatName;
  /** The key file, in the form that an import accepts. */
  readonly data: Secret;
}

/** An attacker who has the file can try any number of passphrases. */
export const PASSPHRASE_CHARACTERS_MIN = 8;

interface Exportable {
  readonly key: Key;
  readonly version: KeyVersion;
  readonly sealedPrivate: Buffer;
}

/** Exports keys: public keys to every reader, private keys under strict conditions. */
@Injectable()
export class KeyExport {
  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly users: Users,
    private readonly cpu: CpuQueue,
  ) {}

  /**
   * Exports the public key of a version: the JWK as in the JWKS, or the text of another format.
   * @throws NOT_FOUND, KEY_HAS_NO_PUBLIC_HALF, KEY_FORMAT_DOES_NOT_SUIT
   */
  async exportPublic(
    scope: TenantScope,
    keyId: string,
    kid: string,
    format: KeyFormatName,
  ): Promise<PublicJwk | string> {
    const { publicJwk } = await this.database.read(scope, (view) => view.get(KeyVersion, { keyId, kid }));
    if (publicJwk === null) throw keyErrors.KEY_HAS_NO_PUBLIC_HALF();
    if (format === 'jwk') return publicJwk;
    const { holds, writePublic } = keyFormats[format];
    if (!writePublic || !holds.includes(algorithm(publicJwk.alg).kind)) throw keyErrors.KEY_FORMAT_DOES_NOT_SUIT();
    return writePublic(keyFromJwk(publicJwk), { kid, algorithm: publicJwk.alg });
  }

  /**
   * Exports the private key or shared secret of a version, after the password is confirmed and the event is committed.
   * @throws NOT_FOUND, KEY_NOT_EXPORTABLE, WRONG_STATE, KEY_FORMAT_DOES_NOT_SUIT, PASSPHRASE_REQUIRED,
   *   VALIDATION_ERROR (passphrase), PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS, BUSY
   */
  async exportPrivate(
    scope: TenantScope,
    keyId: string,
    kid: string,
    { format, password, passphrase }: ExportRequest,
  ): Promise<ExportedKey> {
    await this.database.read(scope, (view) => requireExportable(view, keyId, kid, format));
    await this.users.confirm(platformScope(scope), 'resource', password);
    requirePassphrase(format, passphrase);
    // The file is made first, because deriving its key takes long; it is returned only after the commit.
    const data = await this.writeFile(scope, keyId, kid, format, passphrase?.reveal() ?? '');
    await this.database.transaction(scope, async (tx) => {
      await tx.lock(Key, { id: keyId });
      const { key } = await requireExportable(tx, keyId, kid, format);
      tx.record(keyEvents.exported(keyId, { kid, details: { name: key.name, format } }));
    });
    return { kid, format, data };
  }

  private async writeFile(
    scope: TenantScope,
    keyId: string,
    kid: string,
    format: KeyFormatName,
    passphrase: string,
  ): Promise<Secret> {
    const { key, bytes } = await this.database.read(scope, async (view) => {
      const { key, version, sealedPrivate } = await requireExportable(view, keyId, kid, format);
      const place = privateHalves.place(scope.tenantId, version.id);
      return { key, bytes: await this.vault.open(view, place, sealedPrivate) };
    });
    if (format === 'secret' && !isUtf8(bytes)) throw keyErrors.KEY_FORMAT_DOES_NOT_SUIT('The secret is no text');
    const signingKey = keyObjectFromBytes(algorithm(key.algorithm).kind, bytes);
    const { encrypted, writePrivate } = keyFormats[format];
    const write = async (): Promise<string> =>
      writePrivate(signingKey, { kid, name: key.name, algorithm: key.algorithm, passphrase });
    return new Secret(
      encrypted ? await this.cpu.run({ ...keyFileWork.encrypt, group: scope.tenantId }, write) : await write(),
    );
  }
}

async function requireExportable(view: View, keyId: string, kid: string, format: KeyFormatName): Promise<Exportable> {
  const key = await view.get(Key, { id: keyId });
  const version = await view.get(KeyVersion, { keyId, kid });
  if (!key.exportable) throw keyErrors.KEY_NOT_EXPORTABLE();
  const { sealedPrivate } = version;
  const destroyed = versionStateAt(version, view.now) === 'destroyed';
  if (keyStateAt(key, view.now) !== 'active' || destroyed || sealedPrivate === null) {
    throw coreErrors.WRONG_STATE('The key was deleted, or the private half of the version destroyed');
  }
  if (!keyFormats[format].holds.includes(algorithm(key.algorithm).kind)) throw keyErrors.KEY_FORMAT_DOES_NOT_SUIT();
  return { key, version, sealedPrivate };
}

function requirePassphrase(format: KeyFormatName, passphrase: Secret | undefined): void {
  if (!keyFormats[format].encrypted) return;
  if (passphrase === undefined) throw keyFileErrors.PASSPHRASE_REQUIRED();
  if (passphrase.reveal().length >= PASSPHRASE_CHARACTERS_MIN) return;
  const detail = `must have at least ${PASSPHRASE_CHARACTERS_MIN} characters`;
  throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '/passphrase', code: 'PASSPHRASE_TOO_SHORT', detail }] });
}
