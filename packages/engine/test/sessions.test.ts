import { readFileSync } from 'node:fs';
import { cp, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { GenerateRequest, LoadOptions } from '../src/index.ts';
import { loadModel } from '../src/load-model.ts';
import type { PassEvent } from '../src/runtime/passes.ts';
import { fixturePath } from './fixtures.ts';
import { temporaryFolder } from './temporary-folder.ts';

const request: GenerateRequest = { prompt: 'a red apple', seed: 3, steps: 2, width: 64, height: 64, guidanceScale: 3 };

/** Counted, because time depends on the machine: what a picture costs besides its passes is the sessions it has to create. */
async function open(options: LoadOptions, path = fixturePath('model')) {
  const model = await loadModel(path, { threads: 1, cacheDir: await temporaryFolder(), ...options });
  onTestFinished(() => model.close());
  return async (more: Partial<GenerateRequest> = {}, onStart: (kind: PassEvent['kind']) => void = () => {}) => {
    const counts = { sessions: 0, texts: 0 };
    const { images } = await model.generate(
      { ...request, ...more },
      {
        onPass: ({ kind, phase }) => {
          if (phase !== 'start') return;
          if (kind === 'session') counts.sessions += 1;
          if (kind === 'text_encoder') counts.texts += 1;
          onStart(kind);
        },
      },
    );
    return { ...counts, pixels: images.map(({ data }) => Buffer.from(data).toString('base64')) };
  };
}

/** Both text encoders, the text projection, the UNet and the VAE's decoder. */
const ALL = 5;

describe('a model with all in memory', () => {
  test('creates sessions for the first picture of a size and none for the second, also of another prompt', async () => {
    const draw = await open({ memory: 'large' });
    expect((await draw()).sessions).toBe(ALL);
    expect((await draw()).sessions).toBe(0);
    expect((await draw({ prompt: 'a boat', samples: 2, steps: 3, seed: 9 })).sessions).toBe(0);
  });

  test('creates two for another size, and none for coming back', async () => {
    const draw = await open({ memory: 'large' });
    await draw();
    expect((await draw({ width: 96 })).sessions).toBe(2);
    expect((await draw()).sessions).toBe(0);
    expect((await draw({ width: 96 })).sessions).toBe(0);
  });

  test('stays prepared for four sizes, the most recently used ones', async () => {
    const draw = await open({ memory: 'large' });
    for (const width of [64, 72, 80, 88]) await draw({ width });
    await draw(); // 72 is now the least recently used
    await draw({ width: 96 });
    for (const width of [96, 88, 80, 64]) expect((await draw({ width })).sessions, `${width}`).toBe(0);
    expect((await draw({ width: 72 })).sessions).toBe(2);
  });

  test('counts a split UNet as another size, of which both halves are kept', async () => {
    const draw = await open({ memory: 'large' });
    const split = { acceleration: { cacheInterval: 2 } };
    for (const width of [64, 72]) for (const form of [{}, split]) await draw({ width, ...form });
    await draw({ width: 80 }); // takes the place of the whole one of 64
    expect((await draw(split)).sessions).toBe(0);
    expect((await draw()).sessions).toBe(1);
  });
});

test('with memory normal only the text encoders are created again, and only for a new prompt', async () => {
  const draw = await open({ memory: 'normal' });
  expect((await draw()).sessions).toBe(ALL);
  expect((await draw()).sessions).toBe(0);
  expect((await draw({ prompt: 'a boat' })).sessions).toBe(2);
  expect((await draw({ width: 96 })).sessions).toBe(2);
  expect((await draw()).sessions).toBe(0);
});

test('with memory small every stage creates its sessions, for every sample, and texts are encoded once', async () => {
  const draw = await open({ memory: 'small' });
  expect((await draw()).sessions).toBe(ALL);
  expect(await draw()).toMatchObject({ sessions: ALL - 2, texts: 0 });
  expect(await draw({ samples: 2 })).toMatchObject({ sessions: 2 * (ALL - 2), texts: 0 });
});

test('the pictures are the same bytes with every setting', async () => {
  const image = { picture: { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(90) }, strength: 0.5 };
  const more: Partial<GenerateRequest>[] = [{ samples: 2, negativePrompt: 'blurry' }, { image }];
  const pictures = (['small', 'normal', 'large', 'auto', 4] as const).map(async (memory) => {
    const draw = await open({ memory });
    return [await draw(more[0]), await draw(more[1]), await draw(more[0])].map(({ pixels }) => pixels);
  });
  const [first, ...others] = await Promise.all(pictures);
  for (const other of others) expect(other).toEqual(first);
});

// Small parts are copied into memory at load: here they are mapped, as those of a model of usual size.
describe.skipIf(process.platform !== 'linux')('mapped weights (read from /proc: Linux only)', () => {
  test.each([
    ['small', { text_encoder: ['text_encoder'], unet: ['unet'], vae_decode: ['vae'] }, []],
    ['normal', { text_encoder: ['text_encoder'], unet: ['unet'], vae_decode: ['unet', 'vae'] }, ['unet', 'vae']],
  ] as const)(
    'with memory %s, are mapped only while their stage or its result needs them',
    async (memory, stages, end) => {
      const draw = await open({ memory, weights: 'mapped' });
      const seen = new Map<string, Set<string>>();
      await draw({}, (kind) => seen.set(kind, new Set([...(seen.get(kind) ?? []), ...mappedParts()])));
      for (const [kind, parts] of Object.entries(stages))
        expect([...(seen.get(kind) ?? [])].sort(), kind).toEqual(parts);
      expect(mappedParts()).toEqual(end);
    },
  );

  function mappedParts(): string[] {
    const files = readFileSync('/proc/self/maps', 'utf8').matchAll(
      /goldens\/model\/(\w+?)(?:_2)?\/[\w.-]+\.safetensors/g,
    );
    return [...new Set([...files].map(([, part = '']) => part))].sort();
  }
});

test('without work in between, the sessions of a failed run are released too', async () => {
  const controller = new AbortController();
  const model = await loadModel(fixturePath('model'), { memory: 'small', threads: 1 });
  onTestFinished(() => model.close());
  const onPass = ({ kind }: PassEvent) => kind === 'unet' && controller.abort();
  await expect(model.generate(request, { signal: controller.signal, onPass })).rejects.toMatchObject({
    code: 'cancelled',
  });
  let sessions = 0;
  await model.generate(request, {
    onPass: ({ kind, phase }) => {
      if (kind === 'session' && phase === 'start') sessions += 1;
    },
  });
  expect(sessions).toBe(ALL - 2);
});

describe('texts that were encoded before, by another process', () => {
  const cached = async () => {
    const cacheDir = await temporaryFolder();
    return { cacheDir, textCache: true } as const;
  };

  test('need no text encoder, not even its sessions, and give the same picture', async () => {
    const options = await cached();
    const first = await (await open(options))({ negativePrompt: 'blurry' });
    const second = await (await open(options))({ negativePrompt: 'blurry' });
    expect([first.texts, first.sessions]).toEqual([4, ALL]);
    expect([second.texts, second.sessions]).toEqual([0, ALL - 2]);
    expect(second.pixels).toEqual(first.pixels);
  });

  test('are told apart by text, precision, threads and weights', async () => {
    const options = await cached();
    const folder = join(await temporaryFolder(), 'model');
    await cp(fixturePath('model'), folder, { recursive: true });
    await (await open(options, folder))();
    expect((await (await open(options, folder))({ prompt: 'a boat' })).texts).toBe(2);
    expect((await (await open({ ...options, threads: 2 }, folder))()).texts).toBe(2);
    expect((await (await open({ ...options, precision: 'int8' }, folder))()).texts).toBe(2);
    expect((await (await open({ ...options, precision: { text_encoder: 'int8' } }, folder))()).texts).toBe(0);
    const [name = ''] = (await readdir(join(folder, 'text_encoder'))).filter((each) => each.endsWith('.safetensors'));
    const file = join(folder, 'text_encoder', name);
    await writeFile(file, await readFile(file));
    await utimes(file, new Date(0), new Date(0));
    expect((await (await open(options, folder))()).texts).toBe(1);
  });

  test('are not kept where the cache is off, nor by default of encoders as small as these', async () => {
    for (const textCache of [false, undefined]) {
      const cacheDir = await temporaryFolder();
      await (await open({ cacheDir, ...(textCache !== undefined && { textCache }) }))();
      expect(await readdir(cacheDir)).not.toContain('texts');
    }
  });

  test('are encoded again when their files were damaged', async () => {
    const options = await cached();
    const first = await (await open(options))();
    const folder = join(options.cacheDir, 'texts');
    for (const name of await readdir(folder)) await writeFile(join(folder, name), 'damaged');
    const again = await (await open(options))();
    expect(again).toEqual(first);
  });
});
