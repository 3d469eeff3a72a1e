import { describe, expect, it } from 'vitest';
import type { MadePicture, MadePictures, PlannedRun, UsedSettings } from './backend.ts';
import type { GenerateFlags } from './flags.ts';
import { listWarnings, summarizeRun } from './report.ts';

const used: UsedSettings = {
  width: 64,
  height: 128,
  steps: 25,
  stepsRun: 25,
  guidanceScale: 3,
  scheduler: 'edm_dpmpp_2m',
};

const picture = (seed: number | null): MadePicture => ({
  width: 8,
  height: 8,
  seed,
  bytes: new Uint8Array(),
  decode: async () => ({ width: 8, height: 8, data: new Uint8Array(192) }),
  more: {},
});

function madeWith(result: Partial<MadePictures>): MadePictures {
  return { pictures: [picture(7)], used, truncated: [], warnings: [], timings: {}, more: {}, ...result };
}

function flagsWith(given: Partial<GenerateFlags>): GenerateFlags {
  return { samples: 1, model: 'demo', metadata: true, show: true, ...given };
}

function summaryOf(result: Partial<MadePictures>, given: Partial<GenerateFlags> = {}): string {
  return summarizeRun(flagsWith(given), madeWith(result), 1234);
}

function warningsOf(result: Partial<MadePictures>, given: Partial<GenerateFlags> = {}, prompt = 'p'): string[] {
  const output = { kind: 'stream', format: 'png', path: undefined } as const;
  const run: PlannedRun = { prompt, seeds: [7], output };
  return listWarnings(run, flagsWith(given), madeWith(result));
}

describe('the summary', () => {
  it('names what was really used', () => {
    expect(summaryOf({})).toBe('64×128, 25 steps of edm_dpmpp_2m, guidance 3, seed 7: 1.2 s');
    expect(summaryOf({ pictures: [picture(7), picture(8)] })).toContain('seeds 7, 8:');
    expect(summaryOf({ pictures: [picture(7), picture(null)] }, { generator: 'shared' })).toContain('seed 7 (shared):');
  });

  it('says on what it was drawn where that is not the CPU', () => {
    expect(summaryOf({ used: { ...used, device: 'cpu' } })).toBe(summaryOf({}));
    expect(summaryOf({ used: { ...used, device: 'webgpu' } })).toContain(', on webgpu, seed 7');
  });

  it('ends with the cost where there is one', () => {
    expect(summaryOf({ cost: '2 credits (8 left)' })).toMatch(/: 1\.2 s, 2 credits \(8 left\)$/);
  });
});

describe('warnings', () => {
  it('tell of a strength that leaves no step to run, and the summary tells how many were run', () => {
    const none = { used: { ...used, steps: 4, strength: 0.01, stepsRun: 0, scheduler: 'edm_euler' } };
    expect(summaryOf(none)).toContain('0 of 4 steps of edm_euler');
    expect(warningsOf(none)).toEqual([expect.stringMatching(/--strength 0\.01 with 4 steps runs no step.*0\.25/)]);
    expect(warningsOf({ used: { ...used, strength: 0, stepsRun: 0 } })).toEqual([]);
  });

  it('are those of the backend too', () => {
    expect(warningsOf({ warnings: ['a size far from the training'] })).toEqual(['a size far from the training']);
  });

  it('are none when all went as one may think', () => {
    expect(warningsOf({}, { negativePrompt: 'x' })).toEqual([]);
  });

  it('tell of text that was not seen, by the option it came from', () => {
    const truncated = [{ field: 'negativePrompt', text: 'the "end"' }] as const;
    expect(warningsOf({ truncated })).toEqual([
      '--negative-prompt is longer than the model can read; the end was ignored: "the \\"end\\""; --long-prompts reads more',
    ]);
    expect(warningsOf({ truncated }, { longPrompts: true })).toEqual([expect.not.stringContaining('--long-prompts')]);
  });

  it('tell once, on one line, of the syntax of other tools in any of the prompts', () => {
    const prompt = '(oil:1.2), <lora:foo:1>, BREAK, a cat (sitting), {a|b}, [c], __d__';
    const [warning, ...others] = warningsOf({}, { negativePrompt: '((dark))', prompt2: '(oil:1.2)' }, prompt);
    expect(warning).toBe(
      'prompt syntax of other tools was read as plain text: "(oil:1.2)", "<lora:foo:1>", "BREAK", "{a|b}", "[c]" and 2 more; --prompt-weighting reads weights; --long-prompts reads BREAK; --lora-tags reads LoRAs; --alternatives all reads {a|b}',
    );
    expect(others).toEqual([]);
    expect(warningsOf({}, { promptWeighting: true, longPrompts: true, loraTags: true }, prompt)).toEqual([
      'prompt syntax of other tools was read as plain text: "{a|b}", "__d__"; --alternatives all reads {a|b}',
    ]);
  });
});
