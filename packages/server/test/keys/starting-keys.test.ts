import { expect, test } from 'vitest';
import { migrate } from '../../src/database/migrate.ts';
import { requireSameSecret, secretsOfText } from '../../src/keys/server-secret.ts';
import type { AdminKeyOptions, DevelopmentKeyOptions, NewStartingKeys } from '../../src/keys/starting-keys.ts';
import { anyModel, customerServices } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';

const opened = useDatabase();
const adminOfOthers = 'SG_00000000000000aa';
const fixed = 'SG_0123456789abcdef';
const otherFixed = 'SG_fedcba9876543210';
const atHome = { fixed: null, credits: 100_000_000n, isLoopback: true };

/** A server that was never started. */
async function firstStart() {
  const database = opened().open({ address: await opened().createEmpty(), poolSize: 4 });
  await migrate(database.kysely);
  const { ensureStartingKeys: ensureKeys, ...services } = customerServices(database);
  const ensure = async (admin: AdminKeyOptions, development: DevelopmentKeyOptions) => {
    const shown: NewStartingKeys[] = [];
    await ensureKeys({ admin, development, show: async (made) => void shown.push(made) });
    return shown[0] ?? { admin: null, development: null };
  };
  const startingKeys = {
    ensureKeys,
    ensureAdminKey: async (admin: AdminKeyOptions) =>
      (await ensure(admin, { ...atHome, credits: 0n, isLoopback: false })).admin,
    ensureDevelopmentKey: async (development: DevelopmentKeyOptions) =>
      (await ensure({ fixed: adminOfOthers }, development)).development,
  };
  return { database, ...services, startingKeys };
}

test('a server with another secret does not start, for it would know none of the keys', async () => {
  const database = opened().open({ address: await opened().createEmpty(), poolSize: 4 });
  await migrate(database.kysely);
  const check = (text: string) => requireSameSecret(database, secretsOfText(text.repeat(32)));
  await Promise.all([check('a'), check('a')]);
  await check('a');
  await expect(check('b')).rejects.toMatchObject({
    code: 'settings_invalid',
    remedy: expect.stringContaining('EASEL_SECRET'),
  });
});

const refused = { code: 'unauthorized' };

test('the first start makes an admin key that may do everything, later starts make none', async () => {
  const { startingKeys, keyService } = await firstStart();
  const text = await startingKeys.ensureAdminKey({ fixed: null });
  expect((await keyService.authenticate(text ?? '')).scopes).toContain('admin');
  expect(await startingKeys.ensureAdminKey({ fixed: null })).toBeNull();
  expect(await keyService.list(null)).toHaveLength(1);
});

test('processes that start at the same time make one key between them', async () => {
  const { startingKeys, keyService } = await firstStart();
  const texts = await Promise.all(Array.from({ length: 6 }, () => startingKeys.ensureAdminKey({ fixed: null })));
  expect(texts.filter((text) => text !== null)).toHaveLength(1);
  expect(await keyService.list(null)).toHaveLength(1);
});

test('keys that nobody was shown are no keys, and the next start draws others', async () => {
  const { startingKeys, keyService } = await firstStart();
  const lost: string[] = [];
  const options = { admin: { fixed: null }, development: atHome };
  const cut = startingKeys.ensureKeys({
    ...options,
    async show({ admin, development }) {
      lost.push(admin ?? '', development ?? '');
      throw new Error('the process ends here');
    },
  });
  await expect(cut).rejects.toThrow('ends here');
  for (const text of lost) await expect(keyService.authenticate(text)).rejects.toMatchObject(refused);
  const shown: string[] = [];
  await startingKeys.ensureKeys({
    ...options,
    show: async ({ admin, development }) => void shown.push(admin ?? '', development ?? ''),
  });
  for (const text of shown) await expect(keyService.authenticate(text)).resolves.toBeDefined();
});

test('a revoked admin key is not replaced behind the back of whoever revoked it', async () => {
  const { startingKeys, keyService } = await firstStart();
  const text = await startingKeys.ensureAdminKey({ fixed: null });
  await keyService.revoke((await keyService.authenticate(text ?? '')).keyId);
  expect(await startingKeys.ensureAdminKey({ fixed: null })).toBeNull();
});

test('a fixed admin key is the admin key, and no other is made or told', async () => {
  const { startingKeys, keyService } = await firstStart();
  expect(await startingKeys.ensureAdminKey({ fixed })).toBeNull();
  expect(await startingKeys.ensureAdminKey({ fixed })).toBeNull();
  expect((await keyService.authenticate(fixed)).scopes).toContain('admin');
  expect(await keyService.list(null)).toHaveLength(1);
});

test('a new fixed key takes the place of the one before', async () => {
  const { startingKeys, keyService } = await firstStart();
  await startingKeys.ensureAdminKey({ fixed });
  await startingKeys.ensureAdminKey({ fixed: otherFixed });
  await expect(keyService.authenticate(otherFixed)).resolves.toBeDefined();
  await expect(keyService.authenticate(fixed)).rejects.toMatchObject(refused);
  await expect(startingKeys.ensureAdminKey({ fixed })).rejects.toMatchObject({
    code: 'settings_invalid',
    message: expect.stringMatching(/EASEL_ADMIN_KEY .* was revoked/),
  });
});

test('a closed development account gets no key, also none that is fixed, until it is reopened', async () => {
  const { startingKeys, accountService, keyService } = await firstStart();
  await startingKeys.ensureDevelopmentKey({ ...atHome, fixed });
  const { accountId } = await keyService.authenticate(fixed);
  await accountService.close(accountId);
  await expect(startingKeys.ensureDevelopmentKey({ ...atHome, fixed: otherFixed })).rejects.toMatchObject({
    code: 'settings_invalid',
    message: 'EASEL_DEV_KEY is set, but the account "development" is closed',
  });
  expect(await startingKeys.ensureDevelopmentKey({ ...atHome, fixed: null })).toBeNull();
  await accountService.reopen(accountId);
  await startingKeys.ensureDevelopmentKey({ ...atHome, fixed: otherFixed });
  await expect(keyService.authenticate(otherFixed)).resolves.toBeDefined();
});

test('one fixed key cannot be both the admin and the development key', async () => {
  const { startingKeys } = await firstStart();
  const show = async () => {};
  const both = { admin: { fixed }, development: { ...atHome, fixed }, show };
  await expect(startingKeys.ensureKeys(both)).rejects.toMatchObject({
    code: 'settings_invalid',
    message: expect.stringMatching(/EASEL_DEV_KEY .* another account/),
  });
});

test.each(['', 'secret-secret', 'SG_0123456789ABCDEF', `${fixed}0`])(
  'a fixed key of another shape is refused without being repeated: %j',
  async (wrong) => {
    const { startingKeys } = await firstStart();
    const refusal = await startingKeys.ensureAdminKey({ fixed: wrong }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'settings_invalid',
      message: expect.stringMatching(/^EASEL_ADMIN_KEY must be/),
    });
    expect(String(refusal)).not.toMatch(/secret-secret|ABCDEF|abcdef0/);
  },
);

test('the development key comes with credits, once, and is no admin', async () => {
  const { startingKeys, keyService, credits } = await firstStart();
  const text = await startingKeys.ensureDevelopmentKey(atHome);
  expect(await startingKeys.ensureDevelopmentKey(atHome)).toBeNull();
  const { accountId, scopes } = await keyService.authenticate(text ?? '');
  expect(scopes).toEqual(['generate', 'read']);
  expect(await credits.balance(accountId)).toEqual({ available: 100_000_000n, held: 0n });
});

test('once others can reach the server, the automatic development key is revoked and stays so', async () => {
  const { startingKeys, keyService } = await firstStart();
  const text = await startingKeys.ensureDevelopmentKey(atHome);
  expect(await startingKeys.ensureDevelopmentKey({ ...atHome, isLoopback: false })).toBeNull();
  await expect(keyService.authenticate(text ?? '')).rejects.toMatchObject(refused);
  expect(await startingKeys.ensureDevelopmentKey(atHome)).toBeNull();
  await expect(keyService.authenticate(text ?? '')).rejects.toMatchObject(refused);
});

test('a server that others can reach from the first start on has no automatic development key', async () => {
  const { startingKeys, keyService } = await firstStart();
  expect(await startingKeys.ensureDevelopmentKey({ ...atHome, isLoopback: false })).toBeNull();
  expect((await keyService.list(null)).map(({ origin }) => origin)).toEqual(['environment']); // the admin's
});

test('a development key that was set explicitly stays where others can reach the server', async () => {
  const { startingKeys, keyService } = await firstStart();
  const automatic = await startingKeys.ensureDevelopmentKey(atHome);
  expect(await startingKeys.ensureDevelopmentKey({ ...atHome, fixed, isLoopback: false })).toBeNull();
  await expect(keyService.authenticate(fixed)).resolves.toMatchObject({ scopes: ['generate', 'read'] });
  await expect(keyService.authenticate(automatic ?? '')).rejects.toMatchObject(refused);
});

test('keys made by hand for the development account are left alone', async () => {
  const { startingKeys, keyService } = await firstStart();
  const text = await startingKeys.ensureDevelopmentKey(atHome);
  const { accountId } = await keyService.authenticate(text ?? '');
  const byHand = await keyService.create({ ...anyModel, accountId, name: 'by hand', scopes: ['read'] });
  await startingKeys.ensureDevelopmentKey({ ...atHome, fixed, isLoopback: false });
  await expect(keyService.authenticate(byHand.text)).resolves.toMatchObject({ keyId: byHand.record.id });
});
