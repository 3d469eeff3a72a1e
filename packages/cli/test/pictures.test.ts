import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeImage, encodeImage, readParameters } from '@easel/engine';
import { describe, expect, it } from 'vitest';
import { runEasel, temporaryFolder } from './run-easel.ts';

const prompt = 'a red apple on a blue background';

/** Runs with few steps, requires success and silence, and gives the files' names. */
async function generate(cwd: string, args: readonly string[], stdin = ''): Promise<string[]> {
  const { status, stdout, stderr } = await runEasel(['generate', '--steps', '2', '--quiet', ...args], { cwd, stdin });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

const file = (cwd: string, name: string) => readFileSync(join(cwd, name));

describe('easel generate', () => {
  it('makes a picture that follows the prompt and prints nothing but its name on standard output', async () => {
    const cwd = temporaryFolder();
    const { status, stdout, stderr } = await runEasel(['generate', prompt, '--seed', '7'], { cwd });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'a-red-apple-on-a-blue-background-7.png\n' });
    expect(stderr).toContain('(100 %)');
    expect(stderr).toMatch(/steps of edm_dpmpp_2m, guidance 3, seed 7: \d/);
    expect(readdirSync(cwd)).toEqual([stdout.trim()]);

    const { data, width, height } = await decodeImage(file(cwd, stdout.trim()));
    const redMinusBlue = (x: number, y: number) => {
      const at = 3 * (Math.floor(y * height) * width + Math.floor(x * width));
      return (data[at] ?? 0) - (data[at + 2] ?? 0);
    };
    expect(redMinusBlue(0.5, 0.56)).toBeGreaterThan(60);
    expect(redMinusBlue(0.05, 0.05)).toBeLessThan(-60);
  });

  it('decodes with the tiny autoencoder of --taesd, and names a file that is none', async () => {
    const cwd = temporaryFolder();
    const tiny = fileURLToPath(
      new URL('../../../tests/fixtures/goldens/tiny_vae/original_decoder.safetensors', import.meta.url),
    );
    await generate(cwd, [prompt, '--seed', '41', '-o', 'plain.png']);
    await generate(cwd, [prompt, '--seed', '41', '-o', 'tiny.png', '--taesd', tiny]);
    const [plain, decoded] = [await decodeImage(file(cwd, 'plain.png')), await decodeImage(file(cwd, 'tiny.png'))];
    expect([decoded.width, decoded.height]).toEqual([plain.width, plain.height]);
    expect(decoded.data).not.toEqual(plain.data);
    expect(readParameters(file(cwd, 'tiny.png'))).toContain(', VAE Decoder: TAESD, ');
    expect(readParameters(file(cwd, 'plain.png'))).not.toContain('Decoder');
    writeFileSync(join(cwd, 'no.safetensors'), 'nothing');
    const { status, stderr } = await runEasel(['generate', prompt, '--taesd', 'no.safetensors'], { cwd });
    expect(status).toBe(3);
    expect(stderr).toContain('no.safetensors');
  });

  it('enlarges a picture with the network of a file and without a model, and by the model with the prompt of its file', async () => {
    const cwd = temporaryFolder();
    const network = fileURLToPath(new URL('../../../tests/fixtures/goldens/upscaler/x4.safetensors', import.meta.url));
    await generate(cwd, [prompt, '--seed', '41', '--size', '64x64', '-o', 'apple.png']);
    const alone = await runEasel(['upscale', 'apple.png', '--by', '4', '--upscaler', network, '--json'], { cwd });
    expect(alone.status).toBe(0);
    expect(JSON.parse(alone.stdout)).toMatchObject({
      images: [{ file: 'apple-4x.png', width: 256, height: 256, seed: null }],
      used: { width: 64, height: 64, upscale: 4, upscaler: 'network' },
    });
    expect(readParameters(file(cwd, 'apple-4x.png'))).toMatch(/Seed: 41, Size: 64x64, .*Upscale: 4, Upscaler: network/);
    const model = ['upscale', 'apple.png', '--steps', '5', '--seed', '5', '--no-show'];
    const { status, stdout, stderr } = await runEasel(model, { cwd });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'apple-2x.png\n' });
    expect(stderr).toMatch(/128×128 from 64×64, 1 of 5 steps/);
    const said = readParameters(file(cwd, 'apple-2x.png'));
    expect(said).toMatch(new RegExp(`^${prompt}\n.*Denoising strength: 0.2, .*Upscale: 2, Upscaler: model`));
    const wrong = await runEasel(['upscale', 'apple.png', '--by', '3'], { cwd });
    expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining('--by must be 2 or 4 (got "3")') });
    const missing = await runEasel(['upscale', 'pear.png'], { cwd });
    expect(missing).toMatchObject({ status: 2, stderr: expect.stringContaining('pear.png cannot be read') });
  });

  it('makes sample k the very file of a single run with seed + k', async () => {
    const cwd = temporaryFolder();
    const three = await generate(cwd, [prompt, '--seed', '41', '--samples', '3', '-o', 'three.png']);
    expect(three).toEqual(['three-1.png', 'three-2.png', 'three-3.png']);
    await generate(cwd, [prompt, '--seed', '43', '-o', 'third.png']);
    expect(file(cwd, 'three-3.png').equals(file(cwd, 'third.png'))).toBe(true);
    expect(file(cwd, 'three-1.png').equals(file(cwd, 'three-2.png'))).toBe(false);
  });

  it('tells no negative prompt from an empty one', async () => {
    const cwd = temporaryFolder();
    await generate(cwd, [prompt, '--seed', '1', '--no-metadata', '-o', 'none.png']);
    await generate(cwd, [prompt, '--seed', '1', '--no-metadata', '-o', 'empty.png', '--negative-prompt', '']);
    expect(readParameters(file(cwd, 'none.png'))).toBeUndefined();
    expect(file(cwd, 'none.png').equals(file(cwd, 'empty.png'))).toBe(false);
  });

  it('reads the same prompt from an argument after --, a file and standard input', async () => {
    const cwd = temporaryFolder();
    const text = '--quiet elephant';
    writeFileSync(join(cwd, 'prompt.txt'), `${text}\n`);
    await generate(cwd, ['--seed', '5', '-o', 'argument.png', '--', text]);
    await generate(cwd, ['--seed', '5', '-o', 'file.png', '--prompt-file', 'prompt.txt']);
    await generate(cwd, ['--seed', '5', '-o', 'stdin.png'], `${text}\n`);
    expect(readParameters(file(cwd, 'argument.png'))).toMatch(/^--quiet elephant\nSteps: 2,/);
    expect(file(cwd, 'file.png').equals(file(cwd, 'argument.png'))).toBe(true);
    expect(file(cwd, 'stdin.png').equals(file(cwd, 'argument.png'))).toBe(true);
  });

  it('writes the format of the extension or of --format, with prompt and settings in it', async () => {
    const cwd = temporaryFolder();
    const args = ['ein Füchslein, 狐', '--negative-prompt', 'snow', '--seed', '9'];
    await generate(cwd, [...args, '-o', 'a.jpg', '--quality', '80']);
    const [webp = ''] = await generate(cwd, [...args, '--format', 'webp']);
    expect(webp).toBe('ein-füchslein-狐-9.webp');
    expect(file(cwd, 'a.jpg').toString('hex', 0, 3)).toBe('ffd8ff');
    expect(file(cwd, webp).toString('latin1', 8, 12)).toBe('WEBP');
    for (const name of ['a.jpg', webp]) {
      const text = readParameters(file(cwd, name));
      expect(text).toMatch(
        /^ein Füchslein, 狐\nNegative prompt: snow\nSteps: 2, .*CFG scale: 3, Seed: 9, .*Model: easel-demo/,
      );
    }
  });

  it('describes the result as JSON, text that the model has not seen included, and says nothing else', async () => {
    const cwd = temporaryFolder();
    const args = ['--json', '--seed', '11', '--samples', '2', '--steps', '2', '--size', '64x96', '-o', 'j.webp'];
    const { status, stdout, stderr } = await runEasel(['generate', `${'apple '.repeat(80)}pear`, ...args], { cwd });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      images: [
        { file: 'j-1.webp', seed: 11, width: 64, height: 96, format: 'webp', bytes: file(cwd, 'j-1.webp').length },
        { file: 'j-2.webp', seed: 12, width: 64, height: 96, format: 'webp', bytes: file(cwd, 'j-2.webp').length },
      ],
      model: { name: 'demo' },
      used: { width: 64, height: 96, steps: 2, guidanceScale: 3, scheduler: 'edm_dpmpp_2m' },
      truncated: [{ field: 'prompt', text: expect.stringMatching(/pear$/) }],
      warnings: [expect.stringContaining('the prompt is longer than the model can read')],
      timings: { totalMs: expect.any(Number), commandMs: expect.any(Number) },
    });
  });

  it('starts from a picture, scaled to the size asked for, and keeps the more of it the less the strength', async () => {
    const cwd = temporaryFolder();
    const start = { width: 48, height: 32, data: new Uint8Array(48 * 32 * 3).fill(200) };
    writeFileSync(join(cwd, 'start.png'), await encodeImage(start, { format: 'png' }));
    const from = ['a black car', '--steps', '4', '--seed', '1', '--image', 'start.png', '--size', '96x64'];
    await generate(cwd, [...from, '--strength', '0.25', '-o', 'near.png']);
    await generate(cwd, [...from, '--strength', '1', '-o', 'far.png']);
    const [near, far] = await Promise.all(['near.png', 'far.png'].map((name) => decodeImage(file(cwd, name))));
    const distance = (data: Uint8Array = start.data) => data.reduce((sum, value) => sum + Math.abs(value - 200), 0);
    expect(near).toMatchObject({ width: 96, height: 64 });
    expect(distance(near?.data)).toBeLessThan(distance(far?.data));
    expect(readParameters(file(cwd, 'near.png'))).toContain('Denoising strength: 0.25');
  });

  it('encodes an empty prompt that is asked for; keeps previews in a file while it runs, and removes it', async () => {
    const cwd = temporaryFolder();
    const args = ['generate', '', '--seed', '3', '--preview', '--steps', '3'];
    const { status, stdout, stderr } = await runEasel(args, { cwd });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'picture-3.png\n' });
    expect(stderr).toContain('previews in picture-3.preview.png');
    expect(readdirSync(cwd)).toEqual(['picture-3.png']);
  });
});
