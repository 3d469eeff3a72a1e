import { describe, test } from 'vitest';
import { parseUNetConfig } from '../../src/components/unet/config.ts';
import { buildTextProjections, buildUNet } from '../../src/components/unet/graph.ts';
import { additionVector, sinusoid } from '../../src/components/unet/unet.ts';
import type { GraphBuilder } from '../../src/onnx/graph-builder.ts';
import { floatsOf, readFixture } from '../fixtures.ts';
import { expectNear, layouts, runGraph, tensorOf, weightModes } from './networks.ts';

const TOLERANCE = 2e-5;
const fixture = readFixture('components.safetensors');
const blocks = ['conv_in', 'down_blocks.0', 'down_blocks.1', 'down_blocks.2', 'mid_block'];
const taps = [...blocks, 'up_blocks.0', 'up_blocks.1', 'up_blocks.2', 'conv_norm_out'];

describe.each(layouts)('the UNet of a $layout', ({ open }) => {
  describe.each(weightModes)('with %s weights', (weights) => {
    test.each([0, 1, 2])(
      'equals the reference after every block: call %i (batch 2, landscape, odd size)',
      async (call) => {
        const checkpoint = await open();
        const config = parseUNetConfig(checkpoint.components.unet.config);
        const sample = tensorOf(fixture, `unet${call}.in.sample`);
        const [batch = 1, , height = 1, width = 1] = sample.shape;
        const time = sinusoid(floatsOf(fixture, `unet${call}.in.timestep`)[0], config.blockOutChannels[0]);
        const texts = rows(floatsOf(fixture, `unet${call}.in.text`), batch);
        const ids = rows(floatsOf(fixture, `unet${call}.in.ids`), batch);
        const additions = texts.map((text, k) => additionVector(text, [...ids[k]], config.additionTimeEmbedDim));
        const context = tensorOf(fixture, `unet${call}.in.ctx`);
        const projected = await runGraph(checkpoint, {
          component: 'unet',
          build: (layersOf) => buildTextProjections(config, { batch, tokens: 77 }, layersOf),
          feeds: { context },
          weights,
        });
        const text = Object.entries(projected).map(([name, data]) => {
          return [name, { data, shape: [batch * 77, data.length / (batch * 77)] }] as const;
        });
        const feeds = {
          sample,
          ...Object.fromEntries(text),
          time: { data: joined(Array.from({ length: batch }, () => time)), shape: [batch, time.length] },
          addition: { data: joined(additions), shape: [batch, config.additionInputDim] },
        };
        const shape = { batch, height, width, tokens: 77 };
        let graph: GraphBuilder | undefined;
        const outputs = await runGraph(checkpoint, {
          component: 'unet',
          build: (layersOf) => {
            const bind = (name: string) => {
              const nn = layersOf(name);
              graph = nn.graph;
              return nn;
            };
            return buildUNet(config, shape, bind, (name, value) => graph?.output(name, value));
          },
          feeds,
          weights,
        });
        for (const name of taps) {
          const expected = floatsOf(fixture, `unet${call}.tap.${name}`);
          expectNear(outputs[name], expected, TOLERANCE, name);
        }
        const expected = floatsOf(fixture, `unet${call}.out`);
        expectNear(outputs.prediction, expected, TOLERANCE);
      },
    );
  });
});

function rows(values: Float32Array, count: number): Float32Array[] {
  const width = values.length / count;
  return Array.from({ length: count }, (_, row) => values.subarray(row * width, (row + 1) * width));
}

function joined(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}
