import { access } from 'node:fs/promises';

import type { SettingValues } from '#config';
import type { KeyEncryptionKey } from '#crypto';
import { type masterKeySettings, createMasterKeyFile, openKms, openPkcs11, readMasterKey } from '#vault';

type MasterKeyConfiguration = SettingValues<typeof masterKeySettings>;

/** The current master key and, while data keys are re-wrapped, the one before. Empty: there is none for this database. */
export async function readMasterKeys(settings: MasterKeyConfiguration, isNew: boolean): Promise<KeyEncryptionKey[]> {
  const { previousMasterKey, previousMasterKeyFile, previousKmsKey, previousKmsEndpoint } = settings;
  const current = await currentMasterKey(settings, isNew);
  if (!current) return [];
  const previous =
    previousKmsKey === undefined
      ? await readMasterKey({ value: previousMasterKey, file: previousMasterKeyFile })
      : await openKms(previousKmsKey, { ...settings, endpoint: previousKmsEndpoint });
  return [current, previous].filter((key) => key !== undefined);
}

/** A new master key is made for a new database only: where wrapped keys exist, it would open none of them. */
async function currentMasterKey(
  settings: MasterKeyConfiguration,
  isNew: boolean,
): Promise<KeyEncryptionKey | undefined> {
  const { masterKey, masterKeyFile, kmsKey, pkcs11Module: module } = settings;
  if (kmsKey !== undefined) return openKms(kmsKey, { ...settings, endpoint: settings.kmsEndpoint });
  if (module !== undefined) {
    const { pkcs11TokenLabel: tokenLabel, pkcs11KeyLabel: keyLabel, pkcs11Pin: pin } = settings;
    return openPkcs11({ module, tokenLabel, keyLabel, pin }, { createMissingKey: isNew });
  }
  if (!masterKey && !(await exists(masterKeyFile))) {
    if (!isNew) return undefined;
    await createMasterKeyFile(masterKeyFile);
  }
  return readMasterKey({ value: masterKey, file: masterKeyFile });
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
