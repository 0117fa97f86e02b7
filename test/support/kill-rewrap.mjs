// A process that re-wraps data keys and is killed at its n-th step: `node kill-rewrap.mjs <url> <new key> <old key> <n>`.
import 'reflect-metadata';

import { auditEntities, eventRecorder } from '#audit';
import { platformScope, systemClock, systemOrigin } from '#core';
import { localKeyEncryptionKey, parseMasterKey } from '#crypto';
import { Database } from '#database';
import { KeyMaintenance, Vault, vaultEntities } from '#vault';

const entities = [...auditEntities, ...vaultEntities];

const [url, current, previous, last] = process.argv.slice(2);
let armed = false;
let steps = 0;
const step = () => {
  if (armed && ++steps === Number(last)) process.kill(process.pid, 'SIGKILL');
};

const stepping = (key) => ({
  keyId: key.keyId,
  wrap: async (...parameters) => {
    step();
    return key.wrap(...parameters);
  },
  unwrap: async (...parameters) => {
    step();
    return key.unwrap(...parameters);
  },
});

// What it records has no personal fields.
const recorder = eventRecorder(() => undefined);
const database = await Database.open({ url, entities, clock: systemClock, recorder });
const { platform } = database;
database.platform = async (scope, work) => {
  step();
  const result = await platform.call(database, scope, async (tx) => {
    const value = await work(tx);
    // Written, not committed.
    step();
    return value;
  });
  step();
  return result;
};
const vault = new Vault(database);
await vault.unseal([current, previous].map((key) => stepping(localKeyEncryptionKey(parseMasterKey(key)))));
armed = true;
const { left } = await new KeyMaintenance(database, vault).rewrap(platformScope(systemOrigin('test')));
process.stdout.write(`${left}\n`);
await database.close();
