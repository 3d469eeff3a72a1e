import { describe, expect, onTestFinished, test } from 'vitest';
import { openCheckpoint } from '../src/checkpoints/open-checkpoint.ts';
import { EngineError } from '../src/errors.ts';
import type { GenerateRequest, LoadOptions } from '../src/index.ts';
import { assembleModel } from '../src/loading/assemble-model.ts';
import { cpu } from '../src/runtime/devices/cpu.ts';
import type { Device } from '../src/runtime/devices/device.ts';
import type { PassKind } from '../src/runtime/passes.ts';
import { fixturePath } from './fixtures.ts';
import { temporaryFolder } from './temporary-folder.ts';

const request: GenerateRequest = { prompt: 'a red apple', seed: 3, steps: 2, width: 64, height: 64, guidanceScale: 3 };
/** Both text encoders, the text projection, the UNet and the VAE's decoder. */
const ALL = 5;

interface Failures {
  /** Which sessions cannot be created, by their number from 1; as a device whose memory runs out then. */
  readonly at?: (session: number) => boolean;
  readonly code?: 'out_of_memory' | 'device_lost';
}

/** The CPU, under the rules of a device that keeps released weights: what differs between them is only when sessions are created. */
async function open(options: LoadOptions, { at = () => false, code = 'out_of_memory' }: Failures = {}) {
  let sessions = 0;
  const device: Device = {
    ...cpu,
    name: 'webgpu',
    hasInt8: false,
    keepsReleasedWeights: true,
    sessionOptions: (profile, graph) => {
      sessions += 1;
      if (at(sessions)) throw new EngineError(code, 'it ran out');
      return cpu.sessionOptions(profile, graph);
    },
  };
  const checkpoint = await openCheckpoint(fixturePath('model'));
  const load = { threads: 1, cacheDir: await temporaryFolder(), ...options };
  const info = { name: 'webgpu', title: 'WebGPU', arithmetic: 'float32' } as const;
  const model = await assembleModel(checkpoint, load, { info, form: cpu.form }, device);
  onTestFinished(() => model.close());
  const notices: string[] = [];
  const draw = async (more: Partial<GenerateRequest> = {}) => {
    const before = sessions;
    const passes: PassKind[] = [];
    const steps: number[] = [];
    const { images } = await model.generate(
      { ...request, ...more },
      {
        onNotice: (notice) => notices.push(notice),
        onPass: ({ kind, phase }) => phase === 'start' && kind !== 'session' && passes.push(kind),
        onStep: ({ index }) => steps.push(index),
      },
    );
    const pixels = images.map(({ data }) => Buffer.from(data).toString('base64'));
    return { sessions: sessions - before, passes, steps, pixels };
  };
  return { model, draw, notices };
}

const prompts = { prompt: 'a boat' };

describe('on a device that keeps released weights', () => {
  test('with memory large everything stays for one size, and a change of size begins with nothing', async () => {
    const { draw } = await open({ memory: 'large' });
    expect((await draw()).sessions).toBe(ALL);
    expect((await draw({ samples: 2, seed: 9 })).sessions).toBe(0);
    expect((await draw({ width: 96 })).sessions).toBe(ALL - 2); // the prompt is encoded
    expect((await draw({ width: 96, ...prompts })).sessions).toBe(2); // but its encoders were released
    expect((await draw()).sessions).toBe(ALL - 2);
  });

  test('with memory small one stage is on it at a time, and nothing between pictures', async () => {
    const { draw } = await open({ memory: 'small' });
    expect((await draw()).sessions).toBe(ALL);
    expect((await draw({ samples: 2 })).sessions).toBe(2 * (ALL - 2));
    expect((await draw(prompts)).sessions).toBe(ALL);
  });

  test('with memory small all texts are projected before the network is loaded, which then has the device alone', async () => {
    const { draw } = await open({ memory: 'small' });
    const { passes } = await draw();
    const projections = passes.flatMap((kind, at) => (kind === 'text_projection' ? [at] : []));
    expect(projections).toHaveLength(2);
    expect(passes.indexOf('unet')).toBeGreaterThan(Math.max(...projections));
  });

  test('memory normal, which would release some networks of several, is small', async () => {
    const { draw } = await open({ memory: 'normal' });
    await draw();
    expect((await draw()).sessions).toBe(ALL - 2);
  });

  test.each([
    [0.001, ALL - 2],
    [1000, 0],
  ])('a memory of %d GB decides by what its networks need', async (memory, again) => {
    const { draw } = await open({ memory });
    await draw();
    expect((await draw()).sessions).toBe(again);
  });

  test('another form of the UNet takes the place of the first, and both halves of a split one stay', async () => {
    const { draw } = await open({ memory: 'large' });
    await draw();
    const split = { acceleration: { cacheInterval: 2 } };
    const first = await draw(split);
    expect(first.sessions).toBe(4); // the halves, and again what was released with the whole one: projection and decoder
    expect((await draw(split)).sessions).toBe(0);
    expect((await draw()).sessions).toBe(3);
  });

  test('the pictures are the same bytes with either, and as on the CPU', async () => {
    const [large, small] = [await open({ memory: 'large' }), await open({ memory: 'small' })];
    const more = { samples: 2, negativePrompt: 'blurry' };
    expect((await small.draw(more)).pixels).toEqual((await large.draw(more)).pixels);
  });
});

describe('when the memory of a device runs out', () => {
  test.each([1, 2, 3, 4, 5])(
    'at session %d, that pass is run again with all else released, and no step is lost',
    async (failing) => {
      const usual = await (await open({ memory: 'large' })).draw();
      const { draw, notices } = await open({ memory: 'large' }, { at: (session) => session === failing });
      const saved = await draw();
      expect(saved).toMatchObject({ pixels: usual.pixels, steps: [1, 2] });
      // From then on the texts are projected before the network is loaded.
      expect(saved.passes.toSorted()).toEqual(usual.passes.toSorted());
      expect(notices).toEqual([expect.stringMatching(/memory of the graphics card \(WebGPU\) ran out.*memory small/)]);
      expect((await draw()).sessions).toBe(ALL - 2); // small from then on
      expect(notices).toHaveLength(1);
    },
  );

  test('again with nothing else on it, the error says what to do, and the next picture is tried', async () => {
    const { draw } = await open({ memory: 'large' }, { at: (session) => session === 4 || session === 5 });
    await expect(draw()).rejects.toMatchObject({
      code: 'out_of_memory',
      message: expect.stringContaining('WebGPU had nothing else of this model in its memory'),
      remedy: expect.stringMatching(/smaller picture.*other programs.*--device cpu/),
    });
    expect((await draw()).steps).toEqual([1, 2]);
  });

  test('while a size is prepared, nothing is prepared any more, which is no error', async () => {
    const { model, draw } = await open({ memory: 'large' }, { at: (session) => session === 4 });
    await model.prepare({ width: 64, height: 64 });
    expect((await draw()).sessions).toBe(ALL);
  });
});

test('a lost device is the error of its run, and the next run creates everything again', async () => {
  const { draw } = await open({ memory: 'large' }, { at: (session) => session === 7, code: 'device_lost' });
  await draw();
  await expect(draw({ width: 96 })).rejects.toMatchObject({ code: 'device_lost' });
  expect((await draw({ width: 96 })).sessions).toBe(ALL - 2);
});
