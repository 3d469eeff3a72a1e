import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoModelPath } from '@easel/models';
import { describe, expect, it } from 'vitest';
import { runEasel, temporaryFolder } from './run-easel.ts';

const unetWeights = 'unet/diffusion_pytorch_model.fp16.safetensors';

/** A copy of the embedded model with something wrong in it. */
function spoiledModel(spoil: (folder: string) => void): { cwd: string; model: string } {
  const cwd = temporaryFolder();
  const model = join(cwd, 'model');
  cpSync(demoModelPath, model, { recursive: true });
  spoil(model);
  return { cwd, model };
}

/** Changes the JSON header of a safetensors file; the new one must not be longer (safetensors allows trailing spaces). */
function rewriteHeader(path: string, change: (header: string) => string): void {
  const file = readFileSync(path);
  const length = Number(file.readBigUInt64LE(0));
  const header = change(file.toString('utf8', 8, 8 + length));
  if (Buffer.byteLength(header) > length) throw new Error('the header has grown');
  file.write(header.padEnd(length), 8, 'utf8');
  writeFileSync(path, file);
}

const wrongs: [name: string, spoil: (folder: string) => void, mentions: string[]][] = [
  ['a folder without weights', (model) => rmSync(join(model, unetWeights)), ['unet']],
  ['a truncated safetensors file', (model) => truncateSync(join(model, unetWeights), 1_000_000), [unetWeights]],
  [
    'a header longer than the file',
    (model) => {
      const file = readFileSync(join(model, unetWeights));
      file.writeBigUInt64LE(BigInt(file.length) * 2n, 0);
      writeFileSync(join(model, unetWeights), file);
    },
    [unetWeights],
  ],
  [
    'a tensor of another type',
    (model) => rewriteHeader(join(model, unetWeights), (header) => header.replace('"F16"', '"I16"')),
    [unetWeights, 'I16'],
  ],
  [
    'a tensor that is missing',
    (model) =>
      rewriteHeader(join(model, unetWeights), (header) => header.replace('"conv_in.weight"', '"conv_in.weighs"')),
    ['conv_in.weight'],
  ],
];

describe('a model that cannot be used', () => {
  it.each(wrongs)('is refused with status 3 and nothing is written: %s', async (_, spoil, mentions) => {
    const { cwd, model } = spoiledModel(spoil);
    const { status, stdout, stderr } = await runEasel(
      ['generate', 'x', '--model', model, '-o', join(cwd, 'x.png'), '--quiet'],
      { cwd: model },
    );
    expect(stderr).toMatch(/^easel: /);
    for (const text of mentions) expect(stderr).toContain(text);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(readdirSync(cwd)).toEqual(['model']);
  });

  it.each(wrongs.slice(0, 2))('is reported by model inspect, with status 3: %s', async (_, spoil, mentions) => {
    const { cwd, model } = spoiledModel(spoil);
    const { status, stdout, stderr } = await runEasel(['model', 'inspect', model], { cwd });
    for (const text of mentions) expect(stdout + stderr).toContain(text);
    expect(status).toBe(3);
  });

  it('is named with the places where it was looked for when there is none', async () => {
    const cwd = temporaryFolder();
    for (const args of [
      ['generate', 'x', '--model', 'nowhere'],
      ['model', 'inspect', 'nowhere'],
    ]) {
      const { status, stderr } = await runEasel(args, { cwd, env: { EASEL_MODELS_DIR: join(cwd, 'models') } });
      expect(status).toBe(3);
      expect(stderr).toContain(join(cwd, 'nowhere'));
      expect(stderr).toContain(join(cwd, 'models', 'nowhere'));
    }
  });

  it('is an error object with --json', async () => {
    const { cwd, model } = spoiledModel((folder) => rmSync(join(folder, unetWeights)));
    const { status, stdout, stderr } = await runEasel(['generate', 'x', '--model', model, '--json'], { cwd });
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'model_file_missing', exitStatus: 3 } });
  });
});
