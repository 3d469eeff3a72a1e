import { describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../src/checkpoints/checkpoint.ts';
import { parseVaeConfig } from '../../src/components/vae/config.ts';
import { buildVaeDecoder, buildVaeEncoder } from '../../src/components/vae/graph.ts';
import { type Planes, runTiled } from '../../src/components/vae/tiling.ts';
import { floatsOf, readFixture } from '../fixtures.ts';
import { expectNear, layouts, runGraph, tensorOf, weightModes } from './networks.ts';

const TOLERANCE = 2e-5;
const fixture = readFixture('components.safetensors');

describe.each(layouts)('the VAE of a $layout', ({ open }) => {
  test.each(weightModes)('decodes like the reference, with %s weights', async (weights) => {
    const image = await decode(await open(), planes('decode.z'), weights);
    expectNear(image.data, floatsOf(fixture, 'decode.out'), TOLERANCE);
  });

  test.each(weightModes)('encodes like the reference, with %s weights', async (weights) => {
    const moments = await encode(await open(), planes('encode.x'), weights);
    expectNear(moments.data, floatsOf(fixture, 'encode.moments'), TOLERANCE);
  });

  test('decodes in tiles like the reference, also where a tile is not four thirds of its stride', async () => {
    const checkpoint = await open();
    const tiles = { tileIn: 6, tileOut: 48 };
    const image = await runTiled(planes('decode.z'), tiles, (tile) => decode(checkpoint, tile));
    const expected = fixture.get('decode.tiled_48_6');
    expect([1, 3, image.height, image.width]).toEqual(expected?.shape);
    expectNear(image.data, floatsOf(fixture, 'decode.tiled_48_6'), TOLERANCE);
  });

  test('encodes in tiles like the reference', async () => {
    const checkpoint = await open();
    const tiles = { tileIn: 48, tileOut: 6 };
    const moments = await runTiled(planes('encode.x'), tiles, (tile) => encode(checkpoint, tile));
    expectNear(moments.data, floatsOf(fixture, 'encode.tiled_48_6'), TOLERANCE);
  });
});

function planes(name: string): Planes {
  const { data, shape } = tensorOf(fixture, name);
  const [, channels = 0, height = 0, width = 0] = shape;
  return { data: Float32Array.from(data, Number), channels, height, width };
}

async function decode(checkpoint: Checkpoint, tile: Planes, weights: 'mapped' | 'resident' = 'resident') {
  const config = parseVaeConfig(checkpoint.components.vae.config);
  const { height, width } = tile;
  const feeds = { latents: { data: tile.data, shape: [1, tile.channels, height, width] } };
  const { image } = await runGraph(checkpoint, {
    component: 'vae',
    build: (weightsOf) => buildVaeDecoder(config, { batch: 1, height, width }, weightsOf),
    feeds,
    weights,
  });
  return { data: image, channels: 3, height: 8 * height, width: 8 * width };
}

async function encode(checkpoint: Checkpoint, tile: Planes, weights: 'mapped' | 'resident' = 'resident') {
  const config = parseVaeConfig(checkpoint.components.vae.config);
  const { height, width } = tile;
  const feeds = { image: { data: tile.data, shape: [1, tile.channels, height, width] } };
  const { moments } = await runGraph(checkpoint, {
    component: 'vae',
    build: (weightsOf) => buildVaeEncoder(config, { batch: 1, height, width }, weightsOf),
    feeds,
    weights,
  });
  return { data: moments, channels: 8, height: Math.floor(height / 8), width: Math.floor(width / 8) };
}
