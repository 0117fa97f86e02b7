import { describe, expect, it } from 'vitest';
import { Secret } from '#core';
import { PasswordHasher, hashPassword, normalizePassword, verifyPassword } from './password.js';

const cheap = { memoryKibibytes: 8, passes: 1, parallelism: 1 };
const password = new Secret('correct horse battery staple');

describe('hashPassword', () => {
  it('hashPassword uses 64 MiB, 3 passes and one lane, and stores them in the PHC format', async () => {
    const phc = await hashPassword(password);
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await verifyPassword(password, phc)).toBe(true);
  });

  it('hashPassword salts each hash', async () => {
    expect(await hashPassword(password, cheap)).not.toBe(await hashPassword(password, cheap));
  });
});

describe('verifyPassword', () => {
  it('verifyPassword agrees with the reference implementation', async () => {
    // A vector of the reference implementation's own test suite (password "password", salt "somesalt").
    const phc = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    expect(await verifyPassword(new Secret('password'), phc)).toBe(true);
  });

  it('verifyPassword rejects another password', async () => {
    expect(await verifyPassword(new Secret('Correct horse battery staple'), await hashPassword(password, cheap))).toBe(
      false,
    );
  });

  const [salt, tag] = ['A'.repeat(22), 'A'.repeat(43)];
  it.each([
    '',
    'correct horse battery staple',
    `$argon2i$v=19$m=8,t=1,p=1$${salt}$${tag}`,
    `$argon2id$v=16$m=8,t=1,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=8,t=1,p=1$${salt}`,
    `$argon2id$v=19$m=8,t=1,p=1$${salt}$${tag}\n`,
    `$argon2id$v=19$m=0,t=1,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=999999999,t=1,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=8,t=1000000,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=8,t=1,p=255$${salt}$${tag}`,
  ])('verifyPassword does not compute for the stored text %j', async (phc) => {
    await expect(verifyPassword(password, phc)).rejects.toThrow(
      expect.objectContaining({ code: 'PASSWORD_HASH_UNREADABLE' }),
    );
  });
});

describe('normalizePassword', () => {
  it('normalizePassword makes one password of the ways to type it (NFKC)', () => {
    expect(normalizePassword('Zu\u0308rich ﬁsh café').reveal()).toBe('Zürich fish café');
  });

  it('normalizePassword counts characters, not code units', () => {
    expect(normalizePassword('🔑'.repeat(12)).reveal()).toBe('🔑'.repeat(12));
    expect(normalizePassword('🔑'.repeat(256)).reveal()).toBe('🔑'.repeat(256));
    expect(() => normalizePassword('🔑'.repeat(11))).toThrow('12 to 256 characters');
  });

  it.each(['', 'elevenchars', 'a'.repeat(257), 'a'.repeat(1_000_000), '\uFDFA'.repeat(200), `\ud800${'a'.repeat(20)}`])(
    'normalizePassword rejects password %#',
    (text) => {
      expect(() => normalizePassword(text, '/owner/password')).toThrow(
        expect.objectContaining({
          code: 'VALIDATION_ERROR',
          errors: [{ pointer: '/owner/password', code: 'PASSWORD_LENGTH', detail: 'must have 12 to 256 characters' }],
        }),
      );
    },
  );
});

describe('PasswordHasher', () => {
  it('PasswordHasher hashes and verifies, and works as hard for a user that does not exist', async () => {
    const hasher = new PasswordHasher({ parameters: cheap });
    const phc = await hasher.hash(password, 'a');
    expect(await hasher.verify(password, phc, 'a')).toBe(true);
    expect(await hasher.verify(new Secret('something else'), phc, 'a')).toBe(false);
    expect(await hasher.verify(password, undefined, 'a')).toBe(false);
    expect(hasher.computed).toBe(4);
  });

  it('PasswordHasher lets 2 compute and 32 of one address wait, rejects its 35th, and still serves another', async () => {
    const hasher = new PasswordHasher({ parameters: cheap });
    const calls = Promise.allSettled(Array.from({ length: 35 }, () => hasher.hash(password, 'flood')));
    const other = hasher.verify(password, undefined, 'other');
    expect(await other).toBe(false);
    expect((await calls).map(({ status }) => status)).toEqual([...Array<string>(34).fill('fulfilled'), 'rejected']);
    expect((await calls).at(-1)).toMatchObject({ reason: { code: 'BUSY', retryAfterSeconds: 1 } });
    expect(await hasher.verify(password, await hasher.hash(password, 'flood'), 'flood')).toBe(true);
    expect(hasher.computed).toBe(37);
  });

  it('PasswordHasher does not let one address wait for all the hashes of another', async () => {
    const hasher = new PasswordHasher({ parameters: cheap });
    const finished: string[] = [];
    const hash = (group: string) => hasher.hash(password, group).then(() => finished.push(group));
    await Promise.all([...Array.from({ length: 20 }, () => hash('flood')), hash('other')]);
    expect(finished.indexOf('other')).toBeLessThan(6);
  });

  it('PasswordHasher gives its place back when a call fails', async () => {
    const hasher = new PasswordHasher({ parameters: cheap });
    for (let attempt = 0; attempt < 3; attempt++) {
      const calls = await Promise.allSettled([hasher.verify(password, 'broken', 'a'), hasher.hash(password, 'a')]);
      expect(calls.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    }
  });
});
