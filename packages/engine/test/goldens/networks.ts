import type { Checkpoint } from '../../src/checkpoints/checkpoint.ts';
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.ts';
import type { BoundGraph, LayersOf } from '../../src/components/layers.ts';
import { layersOver } from '../../src/components/network.ts';
import type { SdxlPart } from '../../src/families/sdxl-architecture.ts';
import { cpu } from '../../src/runtime/devices/cpu.ts';
import { commonFolder, createSession, type TensorValue } from '../../src/runtime/session.ts';
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
  readonly component: SdxlPart;
  readonly build: (layersOf: LayersOf) => BoundGraph;
  readonly feeds: Readonly<Record<string, TensorValue>>;
  readonly weights?: 'mapped' | 'resident';
}

/** Builds a graph over a component's weights, runs it once and lets it go. */
export async function runGraph(checkpoint: Checkpoint, { component, build, feeds, weights = 'resident' }: GraphRun) {
  const { tensors } = checkpoint.components[component];
  const weightFolder = commonFolder([...tensors.values()].map(({ file }) => file));
  const graph = build(layersOver(tensors, cpu, weightFolder));
  const session = await createSession(graph, cpu, { weightFolder, threads: 1, weights });
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
