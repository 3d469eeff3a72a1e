import type { GeneratedImage, GenerateResult } from '@easel/engine';
import { describe, expect, it } from 'vitest';
import type { GenerateFlags } from './generate-flags.ts';
import { summaryOf, warningsOf } from './result-report.ts';

const timings = { encodeMs: 1, denoiseMs: 2, decodeMs: 3, totalMs: 6 };
const image = (seed: bigint | null): GeneratedImage => ({
  width: 8,
  height: 8,
  data: new Uint8Array(192),
  seed,
  timings,
});

function madeWith(result: Partial<GenerateResult>, given: Partial<GenerateFlags> = {}) {
  const flags: GenerateFlags = { samples: 1, model: 'demo', metadata: true, show: true, ...given };
  const used = {
    width: 64,
    height: 128,
    steps: 25,
    stepsRun: 25,
    guidanceScale: 3,
    scheduler: 'edm_dpmpp_2m',
  } as const;
  const defaults = { ...used };
  const sizes = { minSide: 64, maxSide: 128, isLimit: false, trained: [{ width: 96, height: 96 }] } as const;
  const info = {
    path: '/m',
    layout: 'diffusers',
    family: 'f',
    defaults,
    sizes,
    components: [],
    samplers: ['edm_dpmpp_2m'],
    configSource: 'c',
  } as const;
  const paths = ['x.png'];
  const output = {
    kind: 'files',
    format: 'png',
    folder: '.',
    createFolder: false,
    paths,
    named: true,
    overwrite: false,
  } as const;
  const run = { flags, request: { prompt: 'p' }, output, modelName: 'demo', modelPath: '/m' };
  return [run, { info, result: { images: [image(7n)], used, truncated: [], timings, ...result } }] as const;
}

describe('the summary', () => {
  it('names what was really used', () => {
    expect(summaryOf(...madeWith({}), 1234)).toBe('64×128, 25 steps of edm_dpmpp_2m, guidance 3, seed 7: 1.2 s');
    expect(summaryOf(...madeWith({ images: [image(7n), image(8n)] }), 1234)).toContain('seeds 7, 8:');
    expect(summaryOf(...madeWith({ images: [image(7n), image(null)] }, { generator: 'shared' }), 1)).toContain(
      'seed 7 (shared):',
    );
  });
});

describe('warnings', () => {
  const used = { width: 96, height: 96, steps: 4, stepsRun: 4, guidanceScale: 3, scheduler: 'edm_euler' } as const;

  it('tell of a strength that leaves no step to run, and the summary tells how many were run', () => {
    const none = madeWith({ used: { ...used, strength: 0.01, stepsRun: 0 } }, { strength: 0.01 });
    expect(summaryOf(...none, 1)).toContain('0 of 4 steps of edm_euler');
    expect(warningsOf(...none)).toEqual([expect.stringMatching(/--strength 0\.01 of 4 steps leaves none.*0\.25/)]);
    expect(warningsOf(...madeWith({ used: { ...used, strength: 0, stepsRun: 0 } }))).toEqual([]);
  });

  it('tell of a size that is far from what the model was trained on', () => {
    expect(warningsOf(...madeWith({ used: { ...used, width: 256 } }))).toEqual([
      expect.stringMatching(/256×96 is far from what this model was trained on.*96x96/),
    ]);
  });

  it('are none when all went as one may think', () => {
    expect(warningsOf(...madeWith({}, { negativePrompt: 'x' }))).toEqual([]);
  });

  it('tell of text that was not seen, by the option it came from', () => {
    const truncated = [{ field: 'negativePrompt', text: 'the "end"' }] as const;
    expect(warningsOf(...madeWith({ truncated }))).toEqual([
      '--negative-prompt is longer than the model can read; it has not seen the end: "the \\"end\\""',
    ]);
  });

  it('tell once, on one line, of the syntax of other tools in any of the prompts', () => {
    const [run, made] = madeWith({}, { negativePrompt: '((dark))', prompt2: '(oil:1.2)' });
    const prompt = '(oil:1.2), <lora:foo:1>, BREAK, a cat (sitting), {a|b}, [c], __d__';
    const [warning, ...others] = warningsOf({ ...run, request: { ...run.request, prompt } }, made);
    expect(warning).toBe(
      'syntax of other tools has no effect and is read as plain text: "(oil:1.2)", "<lora:foo:1>", "BREAK", "{a|b}", "[c]" and 2 more',
    );
    expect(others).toEqual([]);
  });

  it('tell of a negative prompt without effect', () => {
    const used = { width: 96, height: 96, steps: 1, stepsRun: 1, guidanceScale: 1, scheduler: 'edm_euler' } as const;
    expect(warningsOf(...madeWith({ used }, { negativePrompt: '' }))).toEqual([
      expect.stringContaining('has no effect at --guidance-scale 1'),
    ]);
  });
});
