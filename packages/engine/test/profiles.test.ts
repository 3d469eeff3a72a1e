import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demoModelPath } from '@easel/demo-model';
import { expect, onTestFinished, test } from 'vitest';
import { openCheckpoint } from '../src/checkpoints/open-checkpoint.ts';
import { operationsOf, secondsOf } from '../src/components/operations.ts';
import { buildUNet, unetBranches } from '../src/components/unet/graph.ts';
import { parseSdxlConfigs } from '../src/families/sdxl-architecture.ts';
import {
  createEngineHost,
  estimatePicture,
  type GenerateRequest,
  inspectModel,
  type LoadOptions,
  loadModel,
  profiles,
  quantizeModel,
} from '../src/index.ts';
import { loadModelOn } from '../src/load-model.ts';
import { deviceKinds } from '../src/runtime/devices/devices.ts';
import type { PassEvent } from '../src/runtime/passes.ts';
import { modelCopy } from './checkpoint-forms.ts';
import { fixturePath } from './fixtures.ts';
import { readTensorList, singleFileTensors } from './full-size-file.ts';
import { writeSafetensors } from './safetensors-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

const request: GenerateRequest = { prompt: 'a red apple', seed: 3, steps: 6, width: 64, height: 64 };

async function open(path: string, options: LoadOptions = {}) {
  const model = await loadModel(path, { threads: 1, cacheDir: await temporaryFolder(), ...options });
  onTestFinished(() => model.close());
  return model;
}

async function drawn(model: Awaited<ReturnType<typeof open>>, more: Partial<GenerateRequest> = {}) {
  const { images, used } = await model.generate({ ...request, ...more });
  return { pixels: images.map(({ data }) => data), used };
}

test('one loaded model does all profiles in turns: exact as ever, int8 as one of fixed precision, fast with fewer passes', async () => {
  const model = await open(demoModelPath);
  expect(model.info.profiles).toEqual(['exact', 'int8', 'fast']);
  const fixed = await open(demoModelPath, { precision: 'int8' });
  const [plain, int8] = [await drawn(await open(demoModelPath, { precision: 'exact' })), await drawn(fixed)];
  const { acceleration = {} } = profiles.fast;
  const fewer = await drawn(fixed, { acceleration });
  expect(new Set([plain, int8, fewer].map(({ pixels }) => String(pixels))).size).toBe(3);
  for (const profile of ['exact', 'int8', 'fast', 'int8', 'exact'] as const) {
    const { pixels, used } = await drawn(model, { profile });
    expect(pixels, profile).toEqual({ exact: plain, int8, fast: fewer }[profile].pixels);
    expect(used.profile).toBe(profile);
    expect(used.acceleration).toEqual(profile === 'fast' ? fewer.used.acceleration : undefined);
  }
  const silent = await drawn(model);
  expect(silent).toEqual({ pixels: plain.pixels, used: { ...plain.used, profile: 'exact' } });
});

test('the estimate of fast has the passes of a picture that reuses no step', async () => {
  const speeds = { linear: 10, conv: 20, attention: 5 };
  const size = { width: 64, height: 64 };
  const { steps, parts } = await estimatePicture(demoModelPath, { exact: speeds, int8: speeds }, size);
  const acceleration = { reuseThreshold: 0 };
  const { used } = await drawn(await open(demoModelPath), { ...size, steps, profile: 'fast', acceleration });
  const { unet } = parseSdxlConfigs((await openCheckpoint(demoModelPath)).components);
  const shape = { batch: 1, height: 8, width: 8, tokens: 77 };
  const secondsOfHalf = (half: 'deep' | 'shallow') => {
    const form = { half, branch: unetBranches(unet).finest };
    return secondsOf(
      operationsOf((of) => buildUNet(unet, { ...shape, form }, of)),
      { exact: speeds, int8: speeds },
      'int8',
    );
  };
  const { full = 0, shallow = 0 } = used.acceleration?.passes ?? {};
  const each = secondsOfHalf('shallow') + secondsOfHalf('deep') / 2;
  expect(parts.fast.steps / each).toBeCloseTo(full + shallow);
});

test('fast reports every step and preview, can be cancelled between passes, and takes the options of a request over its own', async () => {
  const model = await open(demoModelPath);
  const steps: string[] = [];
  const controller = new AbortController();
  await model.generate(
    { ...request, profile: 'fast', samples: 2 },
    { previewEvery: 1, onStep: ({ index, total, preview }) => steps.push(`${index}/${total} ${preview?.width}`) },
  );
  expect(steps).toEqual(Array.from({ length: 12 }, (_, index) => `${index + 1}/12 8`));
  const cancelled = model.generate(
    { ...request, profile: 'fast' },
    { signal: controller.signal, onStep: ({ index }) => index === 2 && controller.abort() },
  );
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
  const { used } = await drawn(model, { profile: 'fast', acceleration: { cacheInterval: 1, reuseThreshold: 0 } });
  expect(used.acceleration).toMatchObject({ ...profiles.fast.acceleration, cacheInterval: 1, reuseThreshold: 0 });
  expect(used.acceleration?.passes.shallow).toBe(0);
});

test.each(['exact', 'int8', 'fast'] as const)('prepared for %s, a picture creates no session', async (profile) => {
  const model = await open(fixturePath('model'));
  await model.prepare({ width: 64, height: 64 }, { profile });
  const passes: PassEvent[] = [];
  await model.generate({ ...request, profile }, { onPass: (event) => passes.push(event) });
  expect(passes.filter(({ kind }) => kind === 'session')).toEqual([]);
});

test('a large model does exact only until a file of 8-bit weights lies beside it', async () => {
  const path = join(await temporaryFolder(), 'full-size.safetensors');
  await writeSafetensors(path, singleFileTensors(readTensorList()));
  expect((await inspectModel(path)).info?.profiles).toEqual(['exact']);
  const int8File = path.replace('.safetensors', '.int8');
  await writeFile(int8File, '');
  expect((await inspectModel(path)).info?.profiles).toEqual(['exact']);
  await quantizeModel(fixturePath('model'), { output: int8File });
  expect((await inspectModel(path)).info?.profiles).toEqual(['exact', 'int8', 'fast']);
});

test('a profile whose weights are missing is refused before any pass, and works once they are made', async () => {
  const path = await modelCopy();
  const int8File = join(path, 'elsewhere.int8');
  const model = await open(path, { int8File });
  expect(model.info.profiles).toEqual(['exact']);
  const passes: PassEvent[] = [];
  const run = () => model.generate({ ...request, profile: 'fast' }, { onPass: (event) => passes.push(event) });
  await expect(run()).rejects.toMatchObject({
    code: 'model_file_missing',
    message: `the profile fast needs the weights in 8 bits, and ${int8File} is missing`,
    remedy: `make it once with: easel model quantize ${path} --output ${int8File}`,
  });
  await expect(model.prepare({ width: 64, height: 64 }, { profile: 'int8' })).rejects.toMatchObject({
    code: 'model_file_missing',
  });
  expect(passes).toEqual([]);
  await quantizeModel(path, { output: int8File });
  expect((await run()).used.profile).toBe('fast');
});

test('8-bit weights of another model are refused before any network runs, and read again when they are replaced', async () => {
  const path = await modelCopy();
  const { file } = await quantizeModel(path);
  await rename(file, `${file}.good`);
  await writeFile(file, (await readFile(`${file}.good`)).subarray(0, 5000));
  const model = await open(path);
  const kinds: string[] = [];
  const run = () => model.generate({ ...request, profile: 'int8' }, { onPass: ({ kind }) => kinds.push(kind) });
  await expect(run()).rejects.toMatchObject({ code: 'weights_corrupt', remedy: expect.stringContaining('quantize') });
  expect(kinds).toEqual(['weights', 'weights']);
  expect((await drawn(model)).used.profile).toBe('exact');
  await rename(`${file}.good`, file);
  expect((await run()).used.profile).toBe('int8');
});

test('a profile that does not exist is refused, and any profile where the precision was fixed at load', async () => {
  const unknown = Object.assign({ ...request }, { profile: 'turbo' });
  const model = await open(fixturePath('model'));
  await expect(model.generate(unknown)).rejects.toMatchObject({
    code: 'invalid_request',
    message: 'profile must be exact or int8 or fast (got "turbo")',
    details: { param: 'profile' },
  });
  const fixed = await open(fixturePath('model'), { precision: { unet: 'int8' } });
  expect(fixed.info.profiles).toEqual([]);
  await expect(fixed.generate({ ...request, profile: 'exact' })).rejects.toMatchObject({
    code: 'invalid_request',
    message: 'profile was given as exact, but the model was loaded with a fixed precision',
    remedy: 'load the model without precision, or leave the profile out',
  });
  expect((await drawn(fixed)).used.profile).toBeUndefined();
});

test('a model in a process of its own does the same', async () => {
  const host = await createEngineHost({ model: fixturePath('model'), load: { threads: 1 } });
  onTestFinished(() => host.close());
  expect(host.info.profiles).toEqual(['exact', 'int8', 'fast']);
  await host.prepare({ width: 64, height: 64 }, { profile: 'fast' });
  const { images, used } = await host.generate({ ...request, profile: 'fast' });
  expect(used.profile).toBe('fast');
  const here = await drawn(await open(fixturePath('model')), { profile: 'fast' });
  expect(images[0].data).toEqual(here.pixels[0]);
});

test('on a device without kernels for 8 bits int8 is refused with the reason, and its weights are not looked for', async () => {
  const { name, title, form } = deviceKinds.webgpu;
  const device = { info: { name, title, arithmetic: form.arithmetic }, form };
  const options = { cacheDir: await temporaryFolder(), int8File: '/none' };
  const model = await loadModelOn(demoModelPath, options, device);
  expect(model.info.profiles).toEqual(['exact', 'fast']);
  const refusal = {
    code: 'invalid_request',
    message: 'the profile int8 cannot be used on webgpu: networks in 8 bits run on the CPU only',
    remedy: 'use the profile exact or fast, or choose the device cpu',
    details: { param: 'profile' },
  };
  await expect(model.generate({ ...request, profile: 'int8' })).rejects.toMatchObject(refusal);
  await expect(model.prepare({ width: 64, height: 64 }, { profile: 'int8' })).rejects.toMatchObject(refusal);
  await expect(loadModelOn(demoModelPath, { ...options, precision: { unet: 'int8' } }, device)).rejects.toMatchObject({
    code: 'invalid_request',
    details: { param: 'precision' },
  });
  await model.close();
});
