import type { BoundGraph, WeightsOf } from '../../src/graphs/bound-graph.ts';
import { WeightBinder } from '../../src/graphs/weight-binder.ts';
import { createSession, type TensorValue } from '../../src/runtime/session.ts';
import { commonFolder } from '../../src/runtime/weight-folder.ts';
import type { Checkpoint, ComponentName } from '../../src/weights/checkpoint.ts';
import { openCheckpoint } from '../../src/weights/open-checkpoint.ts';
import { type Fixture, fixturePath, floatsOf } from '../fixtures.ts';

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
  readonly component: ComponentName;
  readonly build: (weightsOf: WeightsOf) => BoundGraph;
  readonly feeds: Readonly<Record<string, TensorValue>>;
  readonly weights?: 'mapped' | 'resident';
}

/** Builds a graph over a component's weights, runs it once and lets it go. */
export async function runGraph(checkpoint: Checkpoint, { component, build, feeds, weights = 'resident' }: GraphRun) {
  const { tensors } = checkpoint.components[component];
  const weightFolder = commonFolder([...tensors.values()].map(({ file }) => file));
  const graph = build((builder) => new WeightBinder(builder, tensors, weightFolder));
  const session = await createSession(graph.toBytes(), { weightFolder, threads: 1, weights });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

export function tensorOf(fixture: Fixture, name: string): TensorValue {
  return { data: floatsOf(fixture, name), shape: fixture.get(name)?.shape ?? [] };
}

export function largest(values: Float32Array): number {
  return values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}
