import { readFile } from 'node:fs/promises';
import { decodeImage, type GenerateRequest, loadModel } from '@easel/engine';
import { demoModelPath } from '@easel/models';
import { expect, test } from 'vitest';

/** Of tools/goldens, where `python run_cases.py MODEL cases.json HERE` has the reference pipeline draw the pictures beside it. */
interface Case {
  readonly id: string;
  readonly prompt: string;
  readonly negative: string | null;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly guidance: number;
  readonly seed: number;
  readonly scheduler?: string;
}

const folder = new URL('fixtures/embedded-model/', import.meta.url);

test('the reference pipeline loads the embedded model, and draws what the engine draws', async () => {
  const { cases }: { cases: readonly Case[] } = JSON.parse(await readFile(new URL('cases.json', folder), 'utf8'));
  const model = await loadModel(demoModelPath);
  for (const each of cases) {
    const expected = await decodeImage(await readFile(new URL(`${each.id}.0.png`, folder)));
    const { images } = await model.generate(requestOf(each));
    const [drawn] = images;
    expect([drawn?.width, drawn?.height], each.id).toEqual([expected.width, expected.height]);
    const apart = Array.from(expected.data, (value, index) => Math.abs(value - (drawn?.data[index] ?? 0)));
    expect(apart.filter((difference) => difference > 1).length, each.id).toBe(0);
    expect(apart.filter((difference) => difference > 0).length / apart.length, each.id).toBeLessThanOrEqual(0.005);
  }
  await model.close();
});

function requestOf({ prompt, negative, width, height, steps, guidance, seed, scheduler }: Case): GenerateRequest {
  return {
    prompt,
    ...(negative !== null && { negativePrompt: negative }),
    width,
    height,
    steps,
    guidanceScale: guidance,
    seed,
    scheduler: scheduler === 'EDMEulerScheduler' ? 'edm_euler' : 'edm_dpmpp_2m',
  };
}
