import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp, open, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { inspectModel, quantizeModel } from '../src/inspect-and-quantize.ts';
import { loadModel } from '../src/load-model.ts';
import type { QuantizeProgress } from '../src/loading/quantize-model.ts';
import type { LoadOptions } from '../src/model.ts';
import { modelCopy, singleFile } from './checkpoint-forms.ts';
import { fixturePath } from './fixtures.ts';
import { temporaryFolder } from './temporary-folder.ts';

const request = { prompt: 'a red apple', seed: 3, steps: 1, width: 64, height: 64 };

async function draw(model: string, more: Pick<LoadOptions, 'int8File' | 'config' | 'unet'> = {}): Promise<Uint8Array> {
  const loaded = await loadModel(model, { precision: 'int8', threads: 1, ...more });
  try {
    return (await loaded.generate(request)).images[0].data;
  } finally {
    await loaded.close();
  }
}

describe('the file of a model in 8 bits', () => {
  test('is made beside the model, is reported on the way, and gives the picture that quantizing at load gives', async () => {
    const model = await modelCopy();
    const atLoad = await draw(model);
    const seen: QuantizeProgress[] = [];
    const { file, bytes } = await quantizeModel(model, { onProgress: (progress) => seen.push(progress) });
    expect(file).toBe(join(model, 'weights.int8'));
    expect((await stat(file)).size).toBe(bytes);
    expect(seen.at(-1)?.doneBytes).toBe(seen.at(-1)?.totalBytes);
    expect(seen.every(({ doneBytes }, index) => doneBytes > (seen[index - 1]?.doneBytes ?? 0))).toBe(true);
    expect(await draw(model)).toEqual(atLoad);
    expect((await readdir(model)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('is found beside a single file, which stays the only model of its folder', async () => {
    const folder = await temporaryFolder();
    const model = join(folder, 'tiny.safetensors');
    await copyFile(singleFile, model);
    const config = fixturePath('model');
    const { file } = await quantizeModel(folder, { config });
    expect(file).toBe(join(folder, 'tiny.int8'));
    expect(await draw(folder, { config })).toEqual(await draw(model, { config, int8File: file }));
  });

  test('may lie elsewhere, and the model be moved', async () => {
    const model = await modelCopy();
    const elsewhere = join(await temporaryFolder(), 'my codes');
    await quantizeModel(model, { output: elsewhere });
    expect(await readdir(model)).not.toContain('weights.int8');
    const moved = join(await temporaryFolder(), 'moved');
    await cp(model, moved, { recursive: true });
    await Promise.all(weightFiles.map((name) => utimes(join(moved, name), 1, 1)));
    expect(await draw(moved, { int8File: elsewhere })).toEqual(await draw(model, { int8File: elsewhere }));
  });

  test('that is missing is asked for by its path, with the command that makes it', async () => {
    const model = await modelCopy();
    const file = join(model, 'absent.int8');
    await expect(draw(model, { int8File: file })).rejects.toMatchObject({
      code: 'model_file_missing',
      message: `the precision int8 needs the weights in 8 bits, and ${file} is missing`,
      remedy: `make it once with: easel model quantize ${model} --output ${file}`,
    });
  });
});

const weightFiles = [
  'unet/diffusion_pytorch_model.fp16.safetensors',
  'vae/diffusion_pytorch_model.fp16.safetensors',
  'text_encoder/model.fp16.safetensors',
  'text_encoder_2/model.fp16.safetensors',
];

describe('what is there already', () => {
  test('is replaced only where it is a file of 8-bit weights', async () => {
    const folder = await temporaryFolder();
    const model = join(folder, 'tiny.safetensors');
    await copyFile(singleFile, model);
    const before = await readFile(model);
    const linked = join(folder, 'linked');
    await symlink(model, linked);
    const notes = join(folder, 'notes.txt');
    await writeFile(notes, 'notes');
    const outputs = [model, linked, notes, folder, `${join(folder, 'new')}/`, '', '/dev/full'];
    for (const output of outputs) {
      await expect(quantizeModel(model, { config: fixturePath('model'), output }), output).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringMatching(
          /is a file of the model itself|not a file of 8-bit|a folder|not the name|not a regular file/,
        ),
      });
    }
    expect(await readFile(model)).toEqual(before);
    expect((await stat('/dev/full')).isCharacterDevice()).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(['linked', 'notes.txt', 'tiny.safetensors']);
    const damaged = join(folder, 'damaged.int8');
    await writeFile(damaged, 'junk');
    const { file } = await quantizeModel(model, { config: fixturePath('model'), output: damaged });
    await quantizeModel(model, { config: fixturePath('model'), output: file });
  });

  test('that is no such file is not offered as one', async () => {
    const model = await modelCopy();
    await writeFile(join(model, 'weights.int8'), 'junk');
    const { info } = await inspectModel(model);
    expect(info?.profiles).toEqual(['exact']);
    await quantizeModel(model);
    expect((await inspectModel(model)).info?.profiles).toEqual(['exact', 'int8', 'fast']);
  });

  test('of the model itself stays with another UNet, and the printed command makes the one that is missing', async () => {
    const model = await modelCopy();
    const unet = join(await temporaryFolder(), "an other's.safetensors");
    await copyFile(join(model, weightFiles[0] ?? ''), unet);
    const { file: own } = await quantizeModel(model);
    const { file } = await quantizeModel(model, { unet });
    expect(file).toMatch(/weights-[0-9a-f]{8}\.int8$/);
    expect(file).not.toBe(own);
    expect(await draw(model, { unet })).toEqual(await draw(model));
    const missing = join(model, 'missing.int8');
    await expect(draw(model, { unet, int8File: missing })).rejects.toMatchObject({
      remedy: `make it once with: easel model quantize ${model} --unet '${unet.replace("'", "'\\''")}' --output ${missing}`,
    });
  });
});

describe('a file that does not belong to the model as it is', () => {
  let model = '';
  let file = '';

  async function fresh() {
    model = await modelCopy();
    file = (await quantizeModel(model)).file;
  }

  async function change(path: string, at: number, value?: number) {
    await using handle = await open(path, 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, at);
    await handle.write(Uint8Array.of(value ?? byte[0] ^ 1), 0, 1, at);
  }

  const remedy = () => `make it again with: easel model quantize ${model}`;

  test.each(weightFiles)('is refused when a weight of %s has changed', async (name) => {
    await fresh();
    const path = join(model, name);
    const bytes = await readFile(path);
    const start = 8 + Number(bytes.readBigUInt64LE(0));
    const header: Record<string, { shape: number[]; data_offsets: [number, number] }> = JSON.parse(
      bytes.toString('utf8', 8, start),
    );
    const key = Object.keys(header).find((each) => /(fc1|conv1)\.weight$/.test(each)) ?? '';
    await change(path, start + header[key].data_offsets[0]);
    await expect(draw(model)).rejects.toMatchObject({
      code: 'weights_corrupt',
      message: `${file} was made from other weights than the model has now (${name.split('/')[0]})`,
      remedy: remedy(),
    });
    await quantizeModel(model);
    expect(await draw(model)).toHaveLength(64 * 64 * 3);
  });

  test('is accepted when files were only touched: their bytes are compared', async () => {
    await fresh();
    const before = await draw(model);
    await utimes(join(model, weightFiles[0]), 1, 1);
    await utimes(file, 1, 1);
    expect(await draw(model)).toEqual(before);
  });

  test.each([
    ['a code', (size: number) => size - 1],
    ['the middle', (size: number) => Math.floor(size / 2)],
    ['the header', () => 300],
    ['the length of the header', () => 1],
  ])('is refused when a byte of it has changed: %s', async (_, at) => {
    await fresh();
    await change(file, at((await stat(file)).size));
    await expect(draw(model)).rejects.toMatchObject({
      code: 'weights_corrupt',
      remedy: remedy(),
    });
  });

  test.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)],
    ['empty', () => Buffer.alloc(0)],
    ['a text', () => Buffer.from('nothing')],
  ])('is refused when it is %s', async (_, make) => {
    await fresh();
    await writeFile(file, make(await readFile(file)));
    await expect(draw(model)).rejects.toMatchObject({
      code: 'weights_corrupt',
      remedy: remedy(),
    });
  });

  test('is refused when it is the file of another model, or no file of Easel', async () => {
    await fresh();
    await copyFile(join(model, weightFiles[0]), file);
    await expect(draw(model)).rejects.toThrow(`${file} is not a file of 8-bit weights`);
    await rm(file);
    await expect(draw('demo', { int8File: (await quantizeModel(model)).file })).rejects.toMatchObject({
      code: 'weights_corrupt',
    });
  });
});

describe('quantizing that does not come to its end', () => {
  test('leaves nothing when it is cancelled', async () => {
    const model = await modelCopy();
    const before = await readdir(model);
    const controller = new AbortController();
    const quantizing = quantizeModel(model, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(quantizing).rejects.toMatchObject({ code: 'cancelled' });
    expect(await readdir(model)).toEqual(before);
  });

  test.each([['SIGKILL'], ['SIGTERM']] as const)(
    'leaves the old file when its process ends by %s, and the next run takes away what was left',
    async (signal) => {
      const model = await modelCopy();
      const { file } = await quantizeModel(model);
      const before = await readFile(file);
      const child = spawn(process.execPath, [
        '--conditions=@easel/source',
        fileURLToPath(new URL('./quantize-child.ts', import.meta.url)),
        model,
      ]);
      await once(child.stdout, 'data'); // the first tensor is written, and it waits there
      child.kill(signal);
      await once(child, 'exit');
      expect(await readFile(file)).toEqual(before);
      const left = (await readdir(model)).filter((name) => name.endsWith('.tmp'));
      expect(left).toHaveLength(1);
      await utimes(join(model, left[0]), 1, 1);
      await quantizeModel(model);
      expect((await readdir(model)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    },
  );
});
