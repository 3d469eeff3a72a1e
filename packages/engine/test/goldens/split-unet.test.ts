import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.ts';
import { Network } from '../../src/components/network.ts';
import { unetBranches } from '../../src/components/unet/graph.ts';
import { type PassReuse, UNet } from '../../src/components/unet/unet.ts';
import { parseSdxlConfigs, sdxlNetworks } from '../../src/families/sdxl-architecture.ts';
import { defaultTarget } from '../../src/runtime/variant.ts';
import { fixturePath, floatsOf, maxAbsDifference, readFixture } from '../fixtures.ts';
import { weightModes } from './networks.ts';

const fixture = readFixture('components.safetensors');

/** A landscape and an odd size, where the way up does not double. */
const calls = [1, 2] as const;

describe.each(weightModes)('the UNet in parts, with %s weights', (weights) => {
  let unet: UNet;
  beforeAll(async () => {
    const { components } = await openCheckpoint(fixturePath('model'));
    const configs = parseSdxlConfigs(components);
    const { denoiser, projector } = sdxlNetworks(configs);
    const loading = { tensors: components.unet.tensors, threads: 1, weights: () => weights };
    const networks = [new Network({ ...denoiser, ...loading }), new Network({ ...projector, ...loading })] as const;
    unet = new UNet(configs.unet, ...networks);
  });
  afterAll(() => unet.release());

  /** One pass of the golden call, with what it may leave out. */
  function pass(call: number, reuse: PassReuse = {}) {
    const [, , height = 1, width = 1] = fixture.get(`unet${call}.in.sample`)?.shape ?? [];
    const named = (name: string) => floatsOf(fixture, `unet${call}.in.${name}`);
    const conditioning = {
      text: { context: named('ctx'), pooled: named('text') },
      timeIds: [...named('ids')],
    };
    const context = { target: defaultTarget, hooks: {}, beforePass: async () => undefined };
    return unet.predict(named('sample'), named('timestep')[0], { height, width }, conditioning, context, reuse);
  }

  test.each(calls)(
    'split at any skip, its halves are the reference, also with features given: call %i',
    async (call) => {
      const expected = floatsOf(fixture, `unet${call}.out`);
      for (let branch = 0; branch < unetBranches(unet.config).count; branch++) {
        const whole = await pass(call, { branch });
        expect(maxAbsDifference(whole.prediction, expected), `branch ${branch}`).toBeLessThanOrEqual(2e-5);
        if (!whole.features) throw new Error('a split pass tells its features');
        const again = await pass(call, { branch, features: whole.features });
        expect(again.prediction, `branch ${branch}`).toEqual(whole.prediction);
      }
    },
  );

  test.each(calls)(
    'given the features of another input, only the deep half is that of the other: call %i',
    async (call) => {
      const { features } = await pass(call, { branch: 0 });
      if (!features) throw new Error('a split pass tells its features');
      const changed = await pass(call, { branch: 0, features: features.map((value) => value + 1) });
      const expected = floatsOf(fixture, `unet${call}.out`);
      expect(maxAbsDifference(changed.prediction, expected)).toBeGreaterThan(1e-3);
    },
  );

  test.each(calls)(
    'given its own cross-attention it is the reference, and the text is not read: call %i',
    async (call) => {
      const expected = floatsOf(fixture, `unet${call}.out`);
      for (const split of [{}, { branch: 0 }, { branch: 4 }]) {
        const told = await pass(call, { ...split, crossAttention: 'told' });
        expect(maxAbsDifference(told.prediction, expected)).toBeLessThanOrEqual(2e-5);
        expect(Object.keys(told.crossAttention)).toHaveLength(crossAttentions(unet));
        const given = await pass(call, { ...split, crossAttention: told.crossAttention });
        expect(maxAbsDifference(given.prediction, expected)).toBeLessThanOrEqual(2e-5);
        const none = Object.fromEntries(
          Object.entries(told.crossAttention).map(([name, values]) => [name, new Float32Array(values.length)]),
        );
        const without = await pass(call, { ...split, crossAttention: none });
        expect(maxAbsDifference(without.prediction, expected)).toBeGreaterThan(1e-3);
      }
    },
  );
});

/** Layers of all transformers: down, in the middle, and one more on the way up. */
function crossAttentions({ config }: UNet): number {
  const { levels, middle } = config;
  const depths = levels.flatMap(({ down, up }) => [...down, ...up]);
  return depths.reduce((sum, depth) => sum + depth, middle.depth);
}
