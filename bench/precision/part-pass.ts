import { fromBinary } from '@bufbuild/protobuf';
import { openCheckpoint } from '../../packages/engine/src/checkpoints/open-checkpoint.ts';
import type { Int8Weights } from '../../packages/engine/src/components/int8-layers.ts';
import type { BoundGraph, LayersOf } from '../../packages/engine/src/components/layers.ts';
import { int8LayersOver, layersOver } from '../../packages/engine/src/components/network.ts';
import {
  parseSdxlConfigs,
  type SdxlConfigs,
  type SdxlPart,
  sdxlNetworks,
} from '../../packages/engine/src/families/sdxl-architecture.ts';
import { findModel } from '../../packages/engine/src/loading/find-model.ts';
import { int8Matrices, openInt8Weights, quantizeInMemory } from '../../packages/engine/src/loading/int8-weights.ts';
import { RESIDENT_BYTES, storedBytes, weightsFor } from '../../packages/engine/src/loading/precision.ts';
import { ModelProtoSchema } from '../../packages/engine/src/onnx/onnx_pb.ts';
import { createGenerator } from '../../packages/engine/src/random/torch-generator.ts';
import { cpu } from '../../packages/engine/src/runtime/devices/cpu.ts';
import type { Device, SessionProfile } from '../../packages/engine/src/runtime/devices/device.ts';
import { commonFolder, createSession, type TensorValue } from '../../packages/engine/src/runtime/session.ts';
import type { Precision } from '../../packages/engine/src/runtime/variant.ts';

export interface PassJob {
  readonly model: string;
  /** The name of a network; of the VAE it is the decoder. */
  readonly part: string;
  /** Of the picture's sides. */
  readonly size: number;
  readonly threads: number;
  readonly int8File?: string;
}

/** A part of a model: its graph over any layers, and its weights in both precisions. */
export interface OpenPart {
  readonly build: (layersOf: LayersOf) => BoundGraph;
  readonly exactOf: LayersOf;
  readonly int8: Int8Weights | undefined;
  readonly int8Of: LayersOf | undefined;
  readonly weightFolder: string;
  /** How a model that has ample memory holds them. */
  readonly held: (precision: Precision) => SessionProfile['weights'];
}

export async function openPart({ model, part, size, int8File }: PassJob, withInt8: boolean): Promise<OpenPart> {
  const checkpoint = await openCheckpoint(findModel(model, process.env));
  const configs = parseSdxlConfigs(checkpoint.components);
  const { name, build } = networkOf(configs, part, size / 8);
  const { tensors } = checkpoint.components[name];
  const matrices = new Map([...int8Matrices(checkpoint, configs)].filter(([each]) => each === name));
  const isSmall = int8File === undefined && storedBytes(tensors) <= RESIDENT_BYTES;
  const int8 = !withInt8
    ? undefined
    : isSmall
      ? await quantizeInMemory(matrices.get(name) ?? new Map(), tensors)
      : (await openInt8Weights(checkpoint, matrices, int8File)).get(name);
  const weightFolder = commonFolder([...[...tensors.values()].map(({ file }) => file), ...(int8?.files ?? [])]);
  const exactOf = layersOver(tensors, cpu, weightFolder);
  return {
    build,
    exactOf,
    int8,
    int8Of: int8 && int8LayersOver(tensors, int8, cpu, weightFolder),
    weightFolder,
    held: (precision) => weightsFor(name, precision, storedBytes(tensors), 'large'),
  };
}

function networkOf(configs: SdxlConfigs, part: string, side: number) {
  const { encoders, denoiser, decoder } = sdxlNetworks(configs);
  const size = { batch: 1, height: side, width: side };
  const networks: readonly { readonly name: SdxlPart; readonly build: (layersOf: LayersOf) => BoundGraph }[] = [
    ...encoders.map(({ part: name, build }) => ({ name, build: (layersOf: LayersOf) => build({}, layersOf) })),
    { name: 'unet', build: (layersOf) => denoiser.build({ ...size, tokens: 77 }, layersOf) },
    { name: 'vae', build: (layersOf) => decoder.build(size, layersOf) },
  ];
  const found = networks.find(({ name }) => name === part);
  if (found) return found;
  throw new Error(`--part must be one of ${networks.map(({ name }) => name).join(', ')} (got ${part})`);
}

/** Makes its session, and gives back what runs one pass over seeded noise. */
export async function preparePass(job: PassJob & { readonly precision: Precision }) {
  return (await openPass(job, cpu)).run;
}

/** The same with ONNX Runtime's profiler on. `end` writes the profile to a file whose path begins with `prefix`. */
export async function prepareProfiledPass(job: PassJob & { readonly precision: Precision }, prefix: string) {
  return openPass(job, {
    ...cpu,
    sessionOptions: (profile, graph) => ({
      ...cpu.sessionOptions(profile, graph),
      enableProfiling: true,
      profileFilePrefix: prefix,
    }),
  });
}

async function openPass(job: PassJob & { readonly precision: Precision }, device: Device) {
  const part = await openPart(job, job.precision === 'int8');
  const layersOf = part.int8Of ?? part.exactOf;
  const { threads } = job;
  const profile = { weightFolder: part.weightFolder, threads, weights: part.held(job.precision) };
  const graph = part.build(layersOf);
  const session = await createSession(graph, device, profile);
  const feeds = feedsOf(graph.toBytes());
  return { run: () => session.run(feeds), end: () => session.release() };
}

/** For every input that the graph has, the same in every process: values of variance 1, or the ids of a text and where it ends. */
export function feedsOf(model: Uint8Array): Record<string, TensorValue> {
  const feeds: Record<string, TensorValue> = {};
  for (const { name, type } of fromBinary(ModelProtoSchema, model).graph?.input ?? []) {
    const shape = (type?.tensorType?.shape?.dim ?? []).map(({ dimValue }) => Number(dimValue));
    const length = shape.reduce((product, side) => product * side, 1);
    const id = (place: number) => (name === 'end' ? TEXT_END : (1 + place * 613) % SMALLEST_VOCABULARY);
    const isId = name === 'ids' || name === 'end';
    const data = isId
      ? BigInt64Array.from({ length }, (_, place) => BigInt(id(place)))
      : createGenerator(1).randn(length);
    feeds[name] = { data, shape };
  }
  return feeds;
}

const TEXT_END = 20;
/** Of the embedded model's encoders; CLIP's own has more tokens. */
const SMALLEST_VOCABULARY = 1000;
