import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from './load-config.ts';
import { printConfig } from './print-config.ts';
import { settings } from './setting.ts';

async function fileWith(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'easel.json'), text);
  return join(folder, 'easel.json');
}

test('without any source everything has its default, and cannot be changed', async () => {
  const config = await loadConfig({ env: {} });
  expect(config).toMatchObject({ host: '127.0.0.1', port: 8400, databaseUrl: null, worker: { enabled: true } });
  expect(config.pricing.perStepMegapixel).toBe('0.000148');
  expect(Object.isFrozen(config.worker)).toBe(true);
});

test('the environment goes over the file, and the command line over both, setting by setting', async () => {
  const file = await fileWith('{"port": 1, "worker": {"threads": 3, "enabled": false}, "models": {"a": "/a"}}');
  const env = {
    EASEL_PORT: '2',
    EASEL_WORKER_ENABLED: 'true',
    EASEL_MODELS: '{"b": "/b"}',
    DATABASE_URL: 'postgres://u@h/d',
  };
  const config = await loadConfig({ file, env, flags: { port: 3 } });
  expect(config.port).toBe(3);
  expect(config.worker).toMatchObject({ threads: 3, enabled: true });
  expect(config.models).toEqual({ b: '/b' });
  expect(config.databaseUrl).toBe('postgres://u@h/d');
});

test.each([
  [{ EASEL_PORT: '70000' }, /port must be .*65535.*70000/],
  [{ EASEL_PORT: 'http' }, /port must be .*http/],
  [{ EASEL_WORKER_ENABLED: 'maybe' }, /enabled must be .*maybe/],
  [{ EASEL_PRICING_PER_IMAGE: 'free' }, /perImage must .*free/],
  [{ EASEL_MODELS: '[' }, /EASEL_MODELS must be a JSON object/],
  [{ EASEL_LOG_LEVEL: 'loud' }, /logLevel/],
])('%j is refused with its name and what is allowed', async (env, message) => {
  await expect(loadConfig({ env })).rejects.toThrow(message);
});

test('a file with a key that does not exist, no JSON, or that is not there is refused', async () => {
  await expect(loadConfig({ file: await fileWith('{"prot": 1}'), env: {} })).rejects.toThrow(/prot/);
  await expect(loadConfig({ file: await fileWith('port=1'), env: {} })).rejects.toThrow(/not valid JSON/);
  await expect(loadConfig({ file: await fileWith('[]'), env: {} })).rejects.toThrow(/one JSON object/);
  await expect(loadConfig({ file: '/nowhere/easel.json', env: {} })).rejects.toThrow(/cannot read/);
});

test('printed, it has every setting but no secret', async () => {
  const env = { EASEL_ADMIN_KEY: 'SG_0123456789abcdef', DATABASE_URL: 'postgres://u:password@h/d' };
  const text = printConfig(await loadConfig({ env }));
  expect(text).not.toMatch(/0123456789abcdef|password/);
  for (const { path } of settings) expect(text).toContain(`"${path.at(-1)}"`);
});
