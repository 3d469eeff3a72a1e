import { expect } from 'vitest';
import { softwareDevice } from '../../../../tests/support/software-device.ts';
import type { Checkpoint } from '../../src/checkpoints/checkpoint.ts';
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.ts';
import type { BoundGraph, LayersOf } from '../../src/components/layers.ts';
import { layersOver } from '../../src/components/network.ts';
import type { SdxlPart } from '../../src/families/sdxl-architecture.ts';
import { cpuChoice, deviceOf } from '../../src/loading/choose-device.ts';
import { commonFolder, createSession, type TensorValue } from '../../src/runtime/session.ts';
import { keepDevice, softwareChoice } from '../devices/software-choice.ts';
import { type Fixture, fixturePath, floatsOf, maxAbsDifference, relativeDistance } from '../fixtures.ts';

/** What the golden cases run on: the CPU, or in the process of `devices/goldens.test.ts` the software device. */
export const choice = process.env.EASEL_TEST_DEVICE === 'webgpu' ? softwareChoice(softwareDevice) : cpuChoice;

export const device = deviceOf(choice);
const isCpu = choice === cpuChoice;
if (!isCpu) await keepDevice(device);

/** The tiny random model of the goldens, in both layouts. */
export const layouts = [
  { layout: 'diffusers folder', open: () => openCheckpoint(fixturePath('model')) },
  {
    layout: 'single file',
    open: () => openCheckpoint(fixturePath('single_file/playground-v2.5-tiny.fp16.safetensors')),
  },
] as const;

/** Both ways of keeping half-precision weights must compute the same function. */
export const weightModes = ['mapped', 'resident'] as const;

export interface GraphRun {
  readonly component: SdxlPart;
  readonly build: (layersOf: LayersOf) => BoundGraph;
  readonly feeds: Readonly<Record<string, TensorValue>>;
  readonly weights?: 'mapped' | 'resident';
}

/** Builds a graph over a component's weights, runs it once and lets it go. */
export async function runGraph(checkpoint: Checkpoint, { component, build, feeds, weights = 'resident' }: GraphRun) {
  const { tensors } = checkpoint.components[component];
  const weightFolder = commonFolder([...tensors.values()].map(({ file }) => file));
  const graph = build(layersOver(tensors, device, weightFolder));
  const session = await createSession(graph, device, { weightFolder, threads: 1, weights });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

export function tensorOf(fixture: Fixture, name: string): TensorValue {
  return { data: floatsOf(fixture, name), shape: fixture.get(name)?.shape ?? [] };
}

/**
 * Fails where a result is further from the reference than this, anywhere. On another device than the CPU, whose roundings the tolerance was
 * measured with, 1e-5 relative (L2) is near enough.
 */
export function expectNear(actual: Float32Array, expected: Float32Array, tolerance: number, what = 'the result'): void {
  if (!isCpu && relativeDistance(actual, expected) <= 1e-5) return;
  expect(maxAbsDifference(actual, expected), what).toBeLessThanOrEqual(tolerance);
}

export function largest(values: Float32Array): number {
  return values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}
