import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Card } from '@easel/engine';
import { expect, onTestFinished, test } from 'vitest';
import { bucketSettings } from '../composition/open-pictures.ts';
import { servedModels } from '../models/served-models.ts';
import { loadConfig, printConfig } from './load-config.ts';
import { settings } from './settings.ts';

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
  [{ EASEL_PRICING_PROFILES_FAST: '-1' }, /pricing.profiles.fast must .*-1/],
  [{ EASEL_DEFAULT_PROFILE: 'turbo' }, /defaultProfile must be .*exact.*int8.*fast.*turbo/],
  [{ EASEL_MEMORY: '8GB' }, /memory must .*8GB/],
  [{ EASEL_MEMORY: '0' }, /memory must .*0/],
  [{ EASEL_MEMORY: '-8' }, /memory must .*-8/],
  [{ EASEL_MODELS: '[' }, /EASEL_MODELS must be a JSON object/],
  [{ EASEL_LOG_LEVEL: 'loud' }, /logLevel/],
  [{ EASEL_DEVICE: 'gpu' }, /device must be .*auto.*cpu.*webgpu.*cuda.*directml.*coreml.*gpu/],
  [{ EASEL_ARITHMETIC: 'float8' }, /arithmetic must be .*float32.*float16.*float8/],
  [{ EASEL_CARDS: 'both' }, /cards must be .*all.*both/],
  [{ EASEL_CARDS: '0,0' }, /cards must/],
  [{ EASEL_MODELS: '{"b": {"path": "/b", "device": "gpu"}}' }, /models\.b\.device must be one of "auto", .*"gpu"/],
  [
    { EASEL_MODELS: '{"b": {"path": "/b", "family": "sd3"}}' },
    /models\.b\.family must be one of .*"sdxl-turbo".*"sd3"/,
  ],
  [
    { EASEL_MODELS: '{"b": {"path": "/b", "famly": "lcm"}}' },
    /"models\.b\.famly" is not a field here; .* path, family,/,
  ],
  [{ EASEL_MODELS: '{"b": {"device": "cpu"}}' }, /models\.b\.path is required/],
  [{ EASEL_MODELS: '{"b": 5}' }, /models\.b must be a string or a JSON object \(got 5\)/],
  [{ EASEL_MODEL: '{"path": "/a", "family": "sd3"}' }, /model\.family must be one of .*"sd3"/],
  [{ EASEL_MODEL: '{"path": ' }, /EASEL_MODEL must be a JSON object/],
  [{ EASEL_PRICING_MODELS: '{"b": {"perImage": 1}}' }, /pricing\.models\.b: there is no model of this name/],
  [
    { EASEL_PRICING_MODELS: '{"playground-v2.5": {"perImage": -1}}' },
    /pricing\.models\.playground-v2\.5\.perImage must .*-1/,
  ],
])('%j is refused with its name and what is allowed', async (env, message) => {
  await expect(loadConfig({ env })).rejects.toThrow(message);
});

test('the price of each profile is multiplied by 1 unless it is set, in the file or the environment', async () => {
  expect((await loadConfig({ env: {} })).pricing.profiles).toEqual({ exact: '1', int8: '1', fast: '1' });
  const file = await fileWith('{"pricing": {"profiles": {"int8": 0.5, "fast": 0.5}}, "defaultProfile": "int8"}');
  const { pricing, defaultProfile } = await loadConfig({ file, env: { EASEL_PRICING_PROFILES_FAST: '0.25' } });
  expect(pricing.profiles).toEqual({ exact: '1', int8: '0.5', fast: '0.25' });
  expect(defaultProfile).toBe('int8');
});

test('each model has files, a family and a price of its own, the default one too', async () => {
  const own = { family: 'sdxl-lightning', unet: '/u', vae: '/v' };
  const file = await fileWith(
    JSON.stringify({
      model: { path: '/a', family: 'sdxl-turbo', device: 'cpu' },
      models: { fast: { path: '/b', ...own }, plain: '/c' },
      device: 'cuda',
      pricing: { models: { fast: { perStepMegapixel: 0.0001, perImage: '0.002' } } },
    }),
  );
  const config = await loadConfig({ file, env: {} });
  expect(config.pricing.models).toEqual({ fast: { perStepMegapixel: '0.0001', perImage: '0.002' } });
  expect(servedModels(config)).toMatchObject([
    { slug: 'playground-v2.5', model: '/a', family: 'sdxl-turbo', engines: [{ device: 'cpu' }] },
    { slug: 'fast', model: '/b', ...own, engines: [{ device: 'cuda' }] },
    { slug: 'plain', model: '/c', family: undefined, unet: undefined },
  ]);
  // Another model in its place has none of its settings.
  const [instead] = servedModels(await loadConfig({ file, env: { EASEL_MODEL: '/other' } }));
  expect(instead).toMatchObject({ model: '/other', family: undefined, engines: [{ device: 'cuda' }] });
  const [fromText] = servedModels(await loadConfig({ env: { EASEL_MODEL: '{"path": "/a", "family": "lcm"}' } }));
  expect(fromText).toMatchObject({ model: '/a', family: 'lcm' });
});

test('memory is one of four words or a number of gigabytes, in the environment as in the file', async () => {
  expect((await loadConfig({ env: {} })).memory).toBe('auto');
  expect((await loadConfig({ env: { EASEL_MEMORY: 'small' } })).memory).toBe('small');
  expect((await loadConfig({ env: { EASEL_MEMORY: '7.5' } })).memory).toBe(7.5);
  expect((await loadConfig({ file: await fileWith('{"memory": 8}'), env: {} })).memory).toBe(8);
});

/** Cards with the names that CUDA knows them by. */
function nvidia(...names: readonly string[]): Card[] {
  return names.map((name, index) => ({ index, name, address: `0000:0${index}:00.0`, uuid: `GPU-${index}` }));
}

test('CUDA has engines for cards of NVIDIA only', async () => {
  const [own, other] = nvidia('A', 'B');
  const cards = [own, { index: other.index, name: other.name, address: other.address }];
  const served = async (chosen: string) =>
    servedModels(await loadConfig({ env: { EASEL_DEVICE: 'cuda', EASEL_CARDS: chosen } }), cards)[0]?.engines;
  expect(await served('all')).toMatchObject([{ card: { name: 'A' } }]);
  await expect(served('1')).rejects.toMatchObject({ remedy: 'the cards are 0 (A)' });
});

test('models run on the device and cards of the settings, unless they have settings of their own', async () => {
  const usual = await loadConfig({ env: {} });
  expect(usual).toMatchObject({ device: 'auto', arithmetic: 'float32', cards: null });
  const env = { EASEL_DEVICE: 'cuda', EASEL_ARITHMETIC: 'float16', EASEL_CARDS: '0, 2' };
  expect(await loadConfig({ env })).toMatchObject({ device: 'cuda', arithmetic: 'float16', cards: [0, 2] });
  expect((await loadConfig({ env: { EASEL_CARDS: 'all' } })).cards).toBe('all');
  const models = { b: '/b', c: { path: '/c', device: 'cpu' } };
  const file = await fileWith(JSON.stringify({ device: 'cuda', arithmetic: 'float16', cards: [1], models }));
  const cards = nvidia('A', 'B');
  const [first, second, third] = servedModels(await loadConfig({ file, env: {} }), cards);
  const onCard = [{ device: 'cuda', arithmetic: 'float16', card: cards[1] }];
  expect([first?.engines, second?.engines]).toEqual([onCard, onCard]);
  expect(third).toMatchObject({ model: '/c', engines: [{ device: 'cpu', arithmetic: 'float32' }] });
});

test('cards that are not there, or that no device can be limited to, are refused with those that are', async () => {
  const cards = nvidia('A', 'B');
  const served = async (env: Record<string, string>, found: readonly Card[] | null) =>
    servedModels(await loadConfig({ env }), found);
  await expect(served({ EASEL_CARDS: '2' }, cards)).rejects.toMatchObject({
    message: 'cards: there is no graphics card 2',
    remedy: 'the cards are 0 (A), 1 (B)',
  });
  await expect(served({ EASEL_CARDS: '0' }, [])).rejects.toMatchObject({ remedy: 'none was found; leave cards out' });
  const models = '{"b": {"path": "/b", "cards": [7]}}';
  await expect(served({ EASEL_MODELS: models }, cards)).rejects.toThrow('models.b.cards: there is no graphics card 7');
  for (const device of ['cpu', 'coreml', 'directml']) {
    await expect(served({ EASEL_CARDS: '0', EASEL_DEVICE: device }, cards)).rejects.toThrow(`device ${device}`);
  }
  const half = { EASEL_DEVICE: 'cpu', EASEL_ARITHMETIC: 'float16' };
  await expect(served(half, [])).rejects.toThrow('arithmetic is float16, but the CPU computes in float32 only');
  expect((await served({ EASEL_CARDS: 'all' }, cards))[0]?.engines).toHaveLength(2);
  expect((await served({ EASEL_CARDS: 'all' }, []))[0]?.engines).toEqual([{ device: 'auto', arithmetic: 'float32' }]);
  // A server without a worker of its own needs none.
  expect((await served({ EASEL_CARDS: '2' }, null))[0]?.engines).toHaveLength(1);
});

test('a named file of 8-bit weights has to be there where pictures are made', async () => {
  const config = await loadConfig({ env: { EASEL_INT8_FILES: '{"playground-v2.5": "/nowhere/x.int8"}' } });
  expect(() => servedModels(config, [])).toThrow('int8Files.playground-v2.5: there is no file /nowhere/x.int8');
  expect(servedModels(config, null)).toHaveLength(1);
});

test('a default profile in 8 bits means the CPU, unless another device is named, which is refused', async () => {
  const env = { EASEL_DEFAULT_PROFILE: 'int8' };
  const [model] = servedModels(await loadConfig({ env }), []);
  expect(model?.engines).toMatchObject([{ device: 'cpu', reason: expect.stringContaining('8 bits') }]);
});

test.each([
  ['webhooks.networks', 'EASEL_WEBHOOKS_NETWORKS'],
  ['trustedProxies', 'EASEL_TRUSTED_PROXIES'],
])('%s that are no networks are refused before anything is started', async (setting, variable) => {
  await expect(loadConfig({ env: { [variable]: '127.0.0.1,["10.0.0.1"]' } })).rejects.toMatchObject({
    message: `the configuration is not valid: ${setting}: ["10.0.0.1"] is not a network such as 10.0.0.0/8`,
    remedy: expect.stringContaining(variable),
  });
  const networks = setting === 'trustedProxies' ? 'loopback,::1,10.0.0.0/8' : '::1,10.0.0.0/8';
  await expect(loadConfig({ env: { [variable]: networks } })).resolves.toBeDefined();
});

test('settings of models that contradict each other are refused when they are read, also by easel config', async () => {
  const int8 = { EASEL_DEFAULT_PROFILE: 'int8' };
  await expect(loadConfig({ env: { ...int8, EASEL_DEVICE: 'webgpu' } })).rejects.toMatchObject({
    message: 'defaultProfile is int8, but device is webgpu: networks in 8 bits run on the CPU only',
    remedy: 'set device to cpu, or defaultProfile to exact or fast',
  });
  const models = { b: { path: '/b', device: 'cuda' } };
  await expect(loadConfig({ env: { ...int8, EASEL_MODELS: JSON.stringify(models) } })).rejects.toThrow(
    'defaultProfile is int8, but models.b.device is cuda',
  );
  await expect(loadConfig({ env: { EASEL_DEVICE: 'CUDA' } })).rejects.toMatchObject({
    message: expect.stringMatching(/device must be .*auto.*cuda.*"CUDA"/),
    remedy: expect.stringContaining('EASEL_DEVICE'),
  });
  await expect(loadConfig({ env: { EASEL_MODELS: '{"playground-v2.5": "/b"}' } })).rejects.toThrow('reserved');
  await expect(loadConfig({ env: { EASEL_INT8_FILES: '{"other": "/x.int8"}' } })).rejects.toThrow(
    'int8Files.other: there is no model of this name',
  );
});

test('a file with a key that does not exist, no JSON, or that is not there is refused', async () => {
  await expect(loadConfig({ file: await fileWith('{"prot": 1}'), env: {} })).rejects.toThrow(/prot/);
  await expect(loadConfig({ file: await fileWith('port=1'), env: {} })).rejects.toThrow(/not valid JSON/);
  await expect(loadConfig({ file: await fileWith('[]'), env: {} })).rejects.toThrow(/one JSON object/);
  await expect(loadConfig({ file: '/nowhere/easel.json', env: {} })).rejects.toThrow(/cannot be read/);
});

test.each([
  [{ EASEL_RETENTION_REQUESTS_SECONDS: '9000000000000' }, /retention.requestsSeconds must be .*3153600000/],
  [{ EASEL_RETENTION_IMAGES_SECONDS: '1e12' }, /retention.imagesSeconds must be/],
  [{ EASEL_DRAIN_SECONDS: '99999999999' }, /drainSeconds must be .*604800/],
  [{ EASEL_LIMITS_QUEUE_LENGTH: '3000000000' }, /limits.queueLength must be/],
  [{ EASEL_LIMITS_BODY_BYTES: '1' }, /limits.bodyBytes must be .*1000/],
])('a number that no date, timer or column can have is refused: %o', async (env, message) => {
  await expect(loadConfig({ env })).rejects.toMatchObject({
    code: 'settings_invalid',
    message: expect.stringMatching(message),
  });
});

test.each(['notaurl', 'ftp://x', 'https://u:p@x', 'https://x/sub?q=1', 'https://x/#a', '//x'])(
  '%s is no publicUrl, and it is not shown',
  async (address) => {
    const refused = expect(loadConfig({ env: { EASEL_PUBLIC_URL: address } })).rejects;
    await refused.toMatchObject({
      message: expect.not.stringContaining(address),
      remedy: expect.stringMatching('EASEL_PUBLIC_URL'),
    });
  },
);

test('slashes at the end of publicUrl do not count', async () => {
  await expect(loadConfig({ env: { EASEL_PUBLIC_URL: 'https://x.example/sub//' } })).resolves.toMatchObject({
    publicUrl: 'https://x.example/sub',
  });
});

test.each([
  ['https://a.example/', 'such as https://a.example,'],
  ['foo', 'such as https://app.example.com,'],
  ['HTTPS://A.example', 'such as https://a.example,'],
  ['null', 'such as https://app.example.com,'],
  ['*.example.com', 'such as https://app.example.com,'],
])('%s is not what a browser sends as an origin', async (origin, remedy) => {
  const env = { EASEL_CORS_ORIGINS: `https://b.example:8443,${origin}` };
  await expect(loadConfig({ env })).rejects.toMatchObject({
    message: expect.stringContaining(origin),
    remedy: expect.stringContaining(remedy),
  });
  await expect(loadConfig({ env: { EASEL_CORS_ORIGINS: 'https://b.example:8443,*' } })).resolves.toBeDefined();
});

test('a group of settings that is no object is refused as that', async () => {
  await expect(loadConfig({ file: await fileWith('{"retention": null}'), env: {} })).rejects.toMatchObject({
    message: expect.stringMatching(/retention must be a JSON object/),
  });
});

test('printed, it has every setting but no secret', async () => {
  const env = { EASEL_ADMIN_KEY: 'SG_0123456789abcdef', DATABASE_URL: 'postgres://u:password@h/d' };
  const text = printConfig(await loadConfig({ env }), {});
  expect(text).not.toMatch(/0123456789abcdef|password/);
  for (const { path } of settings) expect(text).toContain(`"${path.at(-1)}"`);
});

test('printed, it says where data and pictures are and which model draws', async () => {
  const printed = async (env: Record<string, string>) =>
    JSON.parse(printConfig(await loadConfig({ env }), { HOME: '/h' }));
  expect(await printed({ EASEL_DATA_DIR: '/srv/easel' })).toMatchObject({
    dataDir: '/srv/easel',
    imagesDir: '/srv/easel/images',
    model: 'demo',
  });
  const given = { EASEL_IMAGES_DIR: '/mnt/pictures', EASEL_MODEL: '/models/a' };
  expect(await printed(given)).toMatchObject({ imagesDir: '/mnt/pictures', model: '/models/a' });
  expect(await printed(given)).toMatchObject({ dataDir: expect.stringMatching(/^\/.*easel$/) });
});

test.each([
  ['EASEL_WORKER_IDEL_SECONDS', 'did you mean EASEL_WORKER_IDLE_SECONDS?'],
  ['EASEL_PROT', 'did you mean EASEL_PORT?'],
  ['EASEL_DATADIR', 'did you mean EASEL_DATA_DIR?'],
  ['EASEL_MODEL_DIR', 'did you mean EASEL_MODELS_DIR?'],
  ['EASEL_DATABASE_URL', 'set DATABASE_URL instead, without EASEL_'],
  ['EASEL_FROBNICATE_EVERYTHING', 'unset it; docs/operations.md lists the settings'],
])('the variable %s is refused: %s', async (name, remedy) => {
  await expect(loadConfig({ env: { [name]: '1' } })).rejects.toMatchObject({
    code: 'settings_invalid',
    message: expect.stringContaining(name),
    remedy,
  });
});

test('variables of other commands, empty ones, and those that container platforms set beside a service are let be', async () => {
  const env = {
    EASEL_MODELS_DIR: '/models',
    EASEL_LORAS_DIR: '/loras',
    EASEL_DEBUG: '1',
    EASEL_SERVER: 'http://127.0.0.1:8400',
    EASEL_API_KEY: 'SG_0123456789abcdef',
    EASEL_NOTHING: '',
    EASEL_SERVICE_HOST: '10.0.0.1',
    EASEL_SERVICE_PORT_HTTP: '8400',
    EASEL_PORT_8400_TCP: 'tcp://10.0.0.1:8400',
    EASEL_PORT_8400_TCP_ADDR: '10.0.0.1',
    EASEL_PORT: 'tcp://10.0.0.1:80',
    EASEL_NOTHING_PORT: 'tcp://10.0.0.2:80',
  };
  await expect(loadConfig({ env })).resolves.toMatchObject({ port: 8400 });
});

test.each([
  [0.01, '0.01'],
  [1e-7, '0.0000001'],
  [2, '2'],
  [0.1, '0.1'],
  ['0.000148', '0.000148'],
])('the amount %j of a file is %s exactly', async (written, amount) => {
  const file = await fileWith(JSON.stringify({ pricing: { perImage: written }, devCredits: written }));
  expect(await loadConfig({ file, env: {} })).toMatchObject({ pricing: { perImage: amount }, devCredits: amount });
});

test('whatever is wrong with a setting is told in words, with its variable, and never as a regular expression', async () => {
  for (const { path, variable, key } of settings) {
    for (const wrong of [-1, 'x', '', [], [1], { 'A B': 1 }, { 'A B': '' }, true, null, 1e300]) {
      const tree = path.reduceRight<unknown>((value, name) => ({ [name]: value }), wrong);
      const file = await fileWith(JSON.stringify(tree));
      const error: unknown = await loadConfig({ file, env: {} }).catch((thrown: unknown) => thrown);
      if (!(error instanceof Error)) continue;
      expect(error.message, key).not.toMatch(/[\\^$]|text that matches|undefined/);
      if (key !== 'models' && key !== 'databaseUrl') {
        expect(error, key).toMatchObject({ code: 'settings_invalid', remedy: expect.any(String) });
        expect(`${error.message} ${'remedy' in error ? error.remedy : ''}`, key).toContain(variable);
      }
    }
  }
});

test.each([
  ['nowhere.json', 'it does not exist'],
  ['', 'it is a folder'],
])('of a configuration file %j that cannot be read it is told why, in words', async (name, reason) => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, name);
  await expect(loadConfig({ file, env: {} })).rejects.toThrow(`${file} cannot be read: ${reason}`);
});

test('a secret of the wrong kind is not repeated', async () => {
  const file = await fileWith('{"secret": 123456789012345678}');
  const error: unknown = await loadConfig({ file, env: {} }).catch((thrown: unknown) => thrown);
  expect(String(error)).toMatch(/secret must be text/);
  expect(String(error)).not.toContain('12345678');
});

test.each([
  ['EASEL_SECRET', 'short-secret', 'EASEL_SECRET must have at least 32 characters (got 12)'],
  ['EASEL_ADMIN_KEY', 'geheim', 'EASEL_ADMIN_KEY must be SG_ and 16 lower-case hexadecimal digits (got 6 characters)'],
  ['EASEL_DEV_KEY', 'SG_0123456789ABCDEF', 'EASEL_DEV_KEY must be SG_ and 16 lower-case hexadecimal digits'],
])('%s of another form is refused before anything starts, and not repeated', async (name, value, message) => {
  const error: unknown = await loadConfig({ env: { [name]: value } }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'settings_invalid', message: expect.stringContaining(message) });
  expect(JSON.stringify({ text: String(error), error })).not.toContain(value);
});

test.each([
  ['sqlite:///db.sqlite3', 'sqlite:'],
  ['file:./dev.db', 'file:'],
  ['mysql://root:geheim@127.0.0.1:3306/shop', 'mysql:'],
  ['jdbc:postgresql://h/d', 'jdbc:'],
  ['host=h dbname=d password=geheim', 'other text'],
  ['postgres://', 'postgres:'],
])('DATABASE_URL=%s is refused by its name, and nothing of it is shown but %s', async (url, shown) => {
  const error: unknown = await loadConfig({ env: { DATABASE_URL: url } }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'settings_invalid', message: expect.stringContaining('DATABASE_URL') });
  expect(String(error)).toContain(shown);
  expect(String(error)).not.toMatch(/geheim|shop|dev\.db/);
});

test('the key that was probably meant is named for the file too', async () => {
  await expect(loadConfig({ file: await fileWith('{"worker": {"idelSeconds": 1}}'), env: {} })).rejects.toMatchObject({
    message: expect.stringContaining('worker.idelSeconds'),
    remedy: 'did you mean worker.idleSeconds?',
  });
});

test('a bucket needs a name that can be one, excludes a folder, and its keys are hidden', async () => {
  const env = { EASEL_S3_BUCKET: 'pictures', EASEL_S3_ACCESS_KEY_ID: 'AKIA', EASEL_S3_SECRET_ACCESS_KEY: 'a secret' };
  const config = await loadConfig({ env });
  const shown = printConfig(config, env);
  expect(JSON.parse(shown)).toMatchObject({
    imagesDir: null,
    s3: { bucket: 'pictures', accessKeyId: '(hidden)', secretAccessKey: '(hidden)', sessionToken: null },
  });
  expect(shown).not.toMatch(/AKIA|a secret/);
  for (const [wrong, message] of [
    [{ EASEL_S3_BUCKET: 'a/b' }, /not the name of a bucket \(got "a\/b"\)/],
    [{ EASEL_IMAGES_DIR: '/mnt/pictures' }, /both imagesDir and s3\.bucket/],
    [{ EASEL_S3_BUCKET: '' }, /s3\.accessKeyId is set, but not s3\.bucket/],
    [{ EASEL_S3_PREFIX: '../x//' }, /s3\.prefix/],
    [{ EASEL_S3_ENDPOINT: 'ftp://me:pass@host' }, /^(?!.*pass@).*s3\.endpoint must be/],
  ] as const)
    await expect(loadConfig({ env: { ...env, ...wrong } })).rejects.toThrow(message);
});

test('where a bucket is and its keys come from the settings, or else from the variables of its usual tools', async () => {
  const settingsOf = async (own: object, env: Record<string, string>) =>
    bucketSettings(await loadConfig({ env: { EASEL_S3_BUCKET: 'pictures', ...own } }), env);
  const usual = { AWS_ACCESS_KEY_ID: 'usual', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' };
  expect(bucketSettings(await loadConfig({ env: {} }), usual)).toBeNull();
  expect(await settingsOf({}, { ...usual, AWS_SESSION_TOKEN: 'token' })).toEqual({
    bucket: 'pictures',
    endpoint: 'https://s3.eu-west-1.amazonaws.com',
    region: 'eu-west-1',
    pathStyle: false,
    credentials: { accessKeyId: 'usual', secretAccessKey: 'secret', sessionToken: 'token' },
  });
  const own = { EASEL_S3_ENDPOINT: 'http://127.0.0.1:8333', EASEL_S3_ACCESS_KEY_ID: 'own' };
  await expect(settingsOf(own, usual)).rejects.toThrow(/no secret access key for the bucket pictures/);
  expect(await settingsOf({ ...own, EASEL_S3_SECRET_ACCESS_KEY: 'mine' }, usual)).toMatchObject({
    endpoint: 'http://127.0.0.1:8333',
    pathStyle: true,
    credentials: { accessKeyId: 'own', secretAccessKey: 'mine' },
  });
});
