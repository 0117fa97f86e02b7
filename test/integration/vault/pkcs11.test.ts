import { createRequire } from 'node:module';

import { describe, expect, it } from 'vitest';

import { Secret } from '#core';
import { type Pkcs11Options, openPkcs11 } from '#vault';

import { createMigratedDatabase } from '../../support/database.js';
import { withCode } from '../../support/errors.js';
import { ADMIN, PASSWORD, createTenant, startTestServer } from '../../support/server.js';
import { createToken, softHsm } from '../../support/token.js';

const CREATE = { createMissingKey: true };

describe('a master key on a token', () => {
  it('a master key on a token is rejected with an explanation where there is no such module', async () => {
    const options = { module: '/nowhere/module.so', tokenLabel: 'x', keyLabel: 'x', pin: undefined };
    await expect(openPkcs11(options, CREATE)).rejects.toThrow(withCode('MASTER_KEY_INVALID'));
  });
});

// All tokens before the first is opened: the module lists its slots once.
const [used, other, leaky]: Pkcs11Options[] = softHsm === undefined ? [] : ['used', 'other', 'leaky'].map(createToken);

/** Runs where SoftHSM is installed, as continuous integration does. */
describe.skipIf(softHsm === undefined)('with SoftHSM', () => {
  it('a master key in SoftHSM is made for a new database only, is found again, and is another one on another token', async () => {
    await expect(openPkcs11(other!, { createMissingKey: false })).rejects.toThrow('has no AES key');
    const made = await openPkcs11(other!, CREATE);
    expect((await openPkcs11(other!, { createMissingKey: false })).keyId).toBe(made.keyId);
    expect((await openPkcs11(used!, CREATE)).keyId).not.toBe(made.keyId);
  });

  it.each([
    ['a wrong label', { tokenLabel: 'nowhere' }],
    ['a wrong PIN', { tokenLabel: 'leaky', pin: new Secret('000000') }],
  ])('a master key in SoftHSM is rejected for %s, without the PIN in the message', async (_, changes) => {
    const refused = openPkcs11({ ...leaky!, ...changes }, CREATE);
    await expect(refused).rejects.toThrow(withCode('MASTER_KEY_INVALID'));
    await expect(refused).rejects.not.toThrow('000000');
  });

  it('a master key in SoftHSM is rejected where it could leave its token', async () => {
    const options = { ...leaky!, keyLabel: 'extractable' };
    await openPkcs11({ ...leaky! }, CREATE);
    const binding = createRequire(import.meta.url)('pkcs11js') as typeof import('pkcs11js');
    const pkcs11 = new binding.PKCS11();
    pkcs11.load(softHsm!);
    const slot = pkcs11.C_GetSlotList(true).find((id) => pkcs11.C_GetTokenInfo(id).label.trimEnd() === 'leaky')!;
    // The log-in of the first session holds for all sessions of the process.
    const session = pkcs11.C_OpenSession(slot, binding.CKF_SERIAL_SESSION | binding.CKF_RW_SESSION);
    pkcs11.C_GenerateKey(session, { mechanism: binding.CKM_AES_KEY_GEN }, [
      { type: binding.CKA_CLASS, value: binding.CKO_SECRET_KEY },
      { type: binding.CKA_TOKEN, value: true },
      { type: binding.CKA_SENSITIVE, value: false },
      { type: binding.CKA_EXTRACTABLE, value: true },
      { type: binding.CKA_LABEL, value: options.keyLabel },
      { type: binding.CKA_ID, value: Buffer.from('id') },
      { type: binding.CKA_VALUE_LEN, value: 32 },
    ]);
    await expect(openPkcs11(options, CREATE)).rejects.toThrow('could leave its token');
  });

  it('a master key in SoftHSM opens its session again after the token lost it', async () => {
    const key = await openPkcs11(used!, CREATE);
    const context = Buffer.from('context');
    const wrapped = await key.wrap(Buffer.from('a data key'), context);
    const binding = createRequire(import.meta.url)('pkcs11js') as typeof import('pkcs11js');
    const pkcs11 = new binding.PKCS11();
    pkcs11.load(softHsm!);
    const slot = pkcs11.C_GetSlotList(true).find((id) => pkcs11.C_GetTokenInfo(id).label.trimEnd() === 'used')!;
    pkcs11.C_CloseAllSessions(slot);
    expect((await key.unwrap(wrapped, context)).toString()).toBe('a data key');
    pkcs11.C_CloseAllSessions(slot);
    expect((await key.unwrap(await key.wrap(wrapped.subarray(0, 32), context), context)).length).toBe(32);
  });

  it('a master key in SoftHSM is unavailable, and not wrong, after the PIN was changed and the session lost', async () => {
    const key = await openPkcs11(other!, CREATE);
    const context = Buffer.from('context');
    const wrapped = await key.wrap(Buffer.from('a data key'), context);
    const binding = createRequire(import.meta.url)('pkcs11js') as typeof import('pkcs11js');
    const pkcs11 = new binding.PKCS11();
    pkcs11.load(softHsm!);
    const slot = pkcs11.C_GetSlotList(true).find((id) => pkcs11.C_GetTokenInfo(id).label.trimEnd() === 'other')!;
    const [pin, changed] = [other!.pin!.reveal(), '97531'];
    const changePin = (from: string, to: string): void => {
      const session = pkcs11.C_OpenSession(slot, binding.CKF_SERIAL_SESSION | binding.CKF_RW_SESSION);
      pkcs11.C_SetPIN(session, from, to);
      pkcs11.C_CloseAllSessions(slot);
    };
    changePin(pin, changed);
    await expect(key.unwrap(wrapped, context)).rejects.toThrow(withCode('MASTER_KEY_UNAVAILABLE'));
    changePin(changed, pin);
    // Further tries could lock the PIN: a person has to look, and to start the process again.
    await expect(key.unwrap(wrapped, context)).rejects.toThrow(withCode('MASTER_KEY_UNAVAILABLE'));
    expect((await (await openPkcs11(other!, CREATE)).unwrap(wrapped, context)).toString()).toBe('a data key');
  });

  it('a master key in SoftHSM opens a whole server; the database and the files without the token open nothing', async () => {
    const database = await createMigratedDatabase();
    const environment = (token: Pkcs11Options): Record<string, string> => ({
      CHANCERY_MASTER_KEY: '',
      CHANCERY_PKCS11_MODULE: token.module,
      CHANCERY_PKCS11_TOKEN_LABEL: token.tokenLabel,
      CHANCERY_PKCS11_KEY_LABEL: token.keyLabel,
      CHANCERY_PKCS11_PIN: token.pin!.reveal(),
    });
    const first = await startTestServer({ database, environment: environment(used!) });
    const tenant = await createTenant(first);
    const { token } = tenant.owner;
    const created = await first.post(`${tenant.path}/services`, { name: 'billing', profiles: ['*'] }, { token });
    expect(created.status).toBe(201);
    await first.close();

    const again = await startTestServer({ database, environment: environment(used!) });
    const service = `${tenant.path}/services/${created.body['service']!['id']}`;
    const secret = created.body['serviceKey']!;
    const session = { token: await again.login(tenant.owner.email, PASSWORD) };
    const reveal = `${service}/credentials/${secret['id']}/reveal`;
    expect((await again.post(reveal, {}, session)).body['secret']).toBe(secret['secret']);
    await again.close();

    const elsewhere = await startTestServer({ database, environment: environment(other!) });
    expect(elsewhere.server.installation.vault.sealed).toBe(true);
    expect((await elsewhere.post('/v1/auth/login', ADMIN)).body).toMatchObject({ code: 'SEALED' });
    await elsewhere.close();
    await database.drop();
  });
});
