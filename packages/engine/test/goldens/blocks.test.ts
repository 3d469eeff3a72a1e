import { test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.ts';
import { type Layers, residualBlock } from '../../src/components/layers.ts';
import { spatialTransformer } from '../../src/components/unet/spatial-transformer.ts';
import { parseVaeConfig } from '../../src/components/vae/config.ts';
import { midBlock } from '../../src/components/vae/graph.ts';
import type { Value } from '../../src/onnx/graph-builder.ts';
import { fixturePath, floatsOf, readFixture } from '../fixtures.ts';
import { expectNear, type GraphRun, largest, runGraph, tensorOf } from './networks.ts';

// Single blocks on inputs of amplitude 1e-3, where a wrong epsilon of a norm shows: 1e-5 of the output's scale.
const RELATIVE_TOLERANCE = 1e-5;
const fixture = readFixture('components.safetensors');
const input = (name: string) => tensorOf(fixture, `block.${name}.in`);

function singleBlock(name: string, block: (nn: Layers, x: Value) => Value): GraphRun['build'] {
  return (layersOf) => {
    const nn = layersOf('block');
    const { graph } = nn;
    graph.output('out', block(nn, graph.input('in', input(name).shape)));
    return graph;
  };
}

async function expectBlock(name: string, run: GraphRun) {
  const checkpoint = await openCheckpoint(fixturePath('model'));
  const { out } = await runGraph(checkpoint, run);
  const expected = floatsOf(fixture, `block.${name}.out`);
  expectNear(out, expected, RELATIVE_TOLERANCE * largest(expected));
}

test('the residual block down_blocks.1.resnets.0 equals the reference at amplitude 1e-3', async () => {
  const name = 'down_blocks.1.resnets.0';
  const temb = floatsOf(fixture, 'block.temb');
  const activated = temb.map((value) => value / (1 + Math.exp(-value)));
  const build = singleBlock(name, (nn, x) => {
    const timeEmbedding = nn.graph.input('silu_temb', [1, activated.length]);
    return residualBlock(nn, x, name, 16, { groups: 4, epsilon: 1e-5, timeEmbedding });
  });
  const feeds = { in: input(name), silu_temb: { data: activated, shape: [1, activated.length] } };
  await expectBlock(name, { component: 'unet', build, feeds });
});

test('the transformer down_blocks.1.attentions.0 equals the reference at amplitude 1e-3', async () => {
  const name = 'down_blocks.1.attentions.0';
  const build = singleBlock(name, (nn, x) => {
    const context = nn.graph.input('context', [77, 18]);
    const text = [0, 1].map((layer) => {
      const attention = `${name}.transformer_blocks.${layer}.attn2`;
      const project = (kind: string) => nn.linear(context, `${attention}.to_${kind}`, 16, { bias: false });
      return [attention, { keys: project('k'), values: project('v') }] as const;
    });
    return spatialTransformer(nn, x, name, { groups: 4, heads: 2, depth: 2, text: new Map(text) });
  });
  const feeds = { in: input(name), context: { data: floatsOf(fixture, 'block.ctx'), shape: [77, 18] } };
  await expectBlock(name, { component: 'unet', build, feeds });
});

test('the middle block of the VAE decoder equals the reference at amplitude 1e-3', async () => {
  const name = 'decoder.mid_block';
  const { components } = await openCheckpoint(fixturePath('model'));
  const config = parseVaeConfig(components.vae.config);
  const build = singleBlock(name, (nn, x) => midBlock(nn, x, name, config));
  await expectBlock(name, { component: 'vae', build, feeds: { in: input(name) } });
});
