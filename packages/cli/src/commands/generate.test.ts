import { engineLimits } from '@easel/engine';
import { describe, expect, it } from 'vitest';
import type { GenerateFlags } from '../generate/flags.ts';
import { generateCommand } from './generate.ts';

/** What `easel generate ARGS` would be run with. */
async function parse(...args: string[]): Promise<{ prompt: string | undefined; flags: GenerateFlags }> {
  let parsed: { prompt: string | undefined; flags: GenerateFlags } | undefined;
  const command = generateCommand(async (prompt, flags) => {
    parsed = { prompt, flags };
  });
  await command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .parseAsync(args, { from: 'user' });
  if (parsed === undefined) throw new Error('the command was not run');
  return parsed;
}

describe('the options of generate', () => {
  it('leave everything to the model when there are none', async () => {
    const { prompt, flags } = await parse('a fox');
    expect(prompt).toBe('a fox');
    expect(flags).toEqual({ samples: 1, metadata: true, show: true });
  });

  it('arrive as numbers, sizes and texts', async () => {
    const picture = '--prompt-2 b --negative-prompt-2 c --samples 4 --steps 100 --seed -1 --width 64 --height 2048';
    const sampling =
      '--scheduler edm_euler --sigma-schedule exponential --solver-order 3 --solver-type heun --generator shared';
    const guidance = '--guidance-scale 4.5 --guidance-rescale .7';
    const conditioning = '--original-size 10x20 --crop 1,2 --target-size 30x40';
    const model =
      '--image i.png --mask m.png --mask-padding 32 --mask-blur 4 --outpaint 8,16,0,24 --strength 0.5 -m other --model-config d --variant fp32 --threads 2 --taesd t --memory 8 --text-cache off --device webgpu --arithmetic float16';
    const output = '-o o.webp --format webp --quality 80 --overwrite --no-metadata --preview --no-show -q --json';
    const all = [picture, sampling, guidance, conditioning, model, output].join(' ').split(' ');
    const { flags } = await parse(...all, '--negative-prompt', '');
    expect(flags).toEqual({
      negativePrompt: '',
      prompt2: 'b',
      negativePrompt2: 'c',
      samples: 4,
      steps: 100,
      seed: -1,
      width: 64,
      height: 2048,
      scheduler: 'edm_euler',
      sigmaSchedule: 'exponential',
      solverOrder: 3,
      solverType: 'heun',
      generator: 'shared',
      guidanceScale: 4.5,
      guidanceRescale: 0.7,
      originalSize: { width: 10, height: 20 },
      crop: { x: 1, y: 2 },
      targetSize: { width: 30, height: 40 },
      image: 'i.png',
      mask: 'm.png',
      maskPadding: 32,
      maskBlur: 4,
      outpaint: { left: 8, right: 16, top: 0, bottom: 24 },
      strength: 0.5,
      model: 'other',
      modelConfig: 'd',
      variant: 'fp32',
      threads: 2,
      taesd: 't',
      memory: '8',
      textCache: 'off',
      device: 'webgpu',
      arithmetic: 'float16',
      output: 'o.webp',
      format: 'webp',
      quality: 80,
      overwrite: true,
      metadata: false,
      preview: true,
      show: false,
      quiet: true,
      json: true,
    });
  });

  it('have the limits of the engine', async () => {
    const ranges = {
      steps: engineLimits.steps,
      'guidance-scale': engineLimits.guidance,
      'guidance-rescale': engineLimits.rescale,
      strength: engineLimits.strength,
      samples: engineLimits.samples,
    };
    for (const [name, { min, max }] of Object.entries(ranges)) {
      await parse('x', `--${name}`, String(min));
      await parse('x', `--${name}`, String(max));
      await expect(parse('x', `--${name}`, String(max + 1))).rejects.toThrow(`from ${min} to ${max}`);
    }
    const { min, max } = engineLimits.side;
    await parse('x', '--size', `${min}x${max}`);
    await expect(parse('x', '--width', String(max + 8))).rejects.toThrow(`from ${min} to ${max}`);
    await expect(parse('x', '--height', String(min - 8))).rejects.toThrow(`from ${min} to ${max}`);
  });

  it('end at --, after which everything is the prompt', async () => {
    expect(await parse('--steps', '5', '--', '--json')).toMatchObject({ prompt: '--json', flags: { steps: 5 } });
    expect((await parse('--', '--json')).flags.json).toBeUndefined();
    expect((await parse('')).prompt).toBe('');
    expect((await parse()).prompt).toBeUndefined();
  });

  it.each([
    ['--steps', '2.5', '--steps must be a whole number from 1 to 100 (got 2.5)'],
    ['--size', '4096x4096', 'the width of --size must be a multiple of 8 from 64 to 2048 (got "4096")'],
    ['--size', 'big', '--size must be WIDTHxHEIGHT'],
    ['--samples', '0', '--samples must be a whole number from 1 to 4'],
    ['--samples', '5', '--samples must be a whole number from 1 to 4'],
    ['--guidance-scale', '26', '--guidance-scale must be a number from 0 to 25 (got 26)'],
    ['--guidance-rescale', '2', '--guidance-rescale must be a number from 0 to 1'],
    ['--strength', '1.1', '--strength must be a number from 0 to 1'],
    ['--seed', '-2', '--seed must be a whole number from -1 to 999999999999999'],
    ['--seed', '1000000000000000', '--seed must be a whole number from -1 to 999999999999999'],
    ['--quality', '0', '--quality must be a whole number from 1 to 100'],
    ['--threads', '0', '--threads must be a whole number from 1 to 256'],
    ['--solver-order', '4', '--solver-order must be 1, 2 or 3'],
    ['--crop', '5', '--crop must be X,Y'],
    ['--original-size', '0x5', '--original-size must be WIDTHxHEIGHT'],
    ['--scheduler', 'plms', 'Allowed choices are edm_dpmpp_2m, edm_euler'],
  ])('are refused out of their range: %s %s', async (option, value, message) => {
    await expect(parse('x', option, value)).rejects.toThrow(message);
  });
});
