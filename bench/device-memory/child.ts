/** Creates the session of one network on WebGPU and runs it, or draws a picture with a whole model. */
import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { openCheckpoint } from '../../packages/engine/src/checkpoints/open-checkpoint.ts';
import { layersOver } from '../../packages/engine/src/components/network.ts';
import { parseSdxlConfigs, sdxlNetworks } from '../../packages/engine/src/families/sdxl-architecture.ts';
import { assembleModel } from '../../packages/engine/src/loading/assemble-model.ts';
import type { DeviceChoice } from '../../packages/engine/src/loading/choose-device.ts';
import { ModelProtoSchema } from '../../packages/engine/src/onnx/onnx_pb.ts';
import { createGenerator } from '../../packages/engine/src/random/torch-generator.ts';
import type { GraphForm } from '../../packages/engine/src/runtime/devices/device.ts';
import { webgpu } from '../../packages/engine/src/runtime/devices/webgpu.ts';
import type { PassEvent } from '../../packages/engine/src/runtime/passes.ts';
import { commonFolder, createSession, type Feeds } from '../../packages/engine/src/runtime/session.ts';
import { answer } from '../../tests/support/software-device.ts';

export interface NetworkWork {
  readonly model: string;
  /** Of the VAE the decoder. */
  readonly part: 'unet' | 'vae';
  /** Pixels of a picture's side, or of a tile's. */
  readonly size: number;
  readonly passes: number;
  readonly form: GraphForm;
}

interface Memory {
  readonly device: number;
  readonly host: number;
}

/** MB and seconds. */
export interface NetworkFigures {
  readonly readySeconds: number;
  readonly createdMb: Memory;
  readonly passSeconds: readonly number[];
  readonly ranMb: Memory;
}

/** A whole model whose stages are on the device one after another. */
export interface ModelWork {
  readonly model: string;
  readonly size: number;
  readonly choice: DeviceChoice;
  readonly cacheDir: string;
}

/** MB after the pass of a kind that held most. */
export type ModelFigures = Readonly<Record<string, Memory>>;

await answer((work: NetworkWork | ModelWork) => ('choice' in work ? drawPicture(work) : runNetwork(work)));

async function drawPicture({ model: path, size, choice, cacheDir }: ModelWork): Promise<ModelFigures> {
  const load = { memory: 'small', textCache: false, cacheDir } as const;
  const model = await assembleModel(await openCheckpoint(path), load, choice);
  const most: Record<string, Memory> = {};
  const onPass = ({ kind, phase }: PassEvent) => {
    if (phase === 'start') return;
    const { device, host } = memory();
    const before = most[kind] ?? { device: 0, host: 0 };
    most[kind] = { device: Math.max(device, before.device), host: Math.max(host, before.host) };
  };
  const request = { prompt: 'a red apple', negativePrompt: 'blurry', width: size, height: size, steps: 1, seed: 1 };
  await model.generate(request, { onPass });
  await model.close();
  return most;
}

async function runNetwork({ model, part, size, passes, form }: NetworkWork): Promise<NetworkFigures> {
  const { components } = await openCheckpoint(model);
  const { denoiser, decoder } = sdxlNetworks(parseSdxlConfigs(components));
  const { tensors } = components[part];
  const weightFolder = commonFolder([...tensors.values()].map(({ file }) => file));
  const began = performance.now();
  const device = webgpu.create(part === 'vae' ? { ...form, arithmetic: 'float32' } : form);
  const of = layersOver(tensors, device, weightFolder);
  const latents = { batch: 1, height: size / 8, width: size / 8 };
  const graph = part === 'unet' ? denoiser.build({ ...latents, tokens: 77 }, of) : decoder.build(latents, of);
  const session = await createSession(graph, device, { weightFolder, threads: 2, weights: 'mapped' });
  const readySeconds = seconds(began);
  const createdMb = memory();
  const feeds = anyInputs(graph.toBytes());
  const passSeconds: number[] = [];
  for (let pass = 0; pass < passes; pass++) {
    const start = performance.now();
    await session.run(feeds);
    passSeconds.push(seconds(start));
  }
  const ranMb = memory();
  await session.release();
  return { readySeconds, createdMb, passSeconds, ranMb };
}

/** Normal numbers for all inputs of a graph. */
function anyInputs(bytes: Uint8Array): Feeds {
  const { randn } = createGenerator(1);
  const inputs = fromBinary(ModelProtoSchema, bytes).graph?.input ?? [];
  return Object.fromEntries(
    inputs.map(({ name, type }) => {
      const shape = (type?.tensorType?.shape?.dim ?? []).map(({ dimValue }) => Number(dimValue));
      return [name, { data: randn(shape.reduce((product, side) => product * side, 1)), shape }];
    }),
  );
}

function memory(): Memory {
  const status = readFileSync('/proc/self/status', 'utf8');
  const megabytes = (name: string) =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024);
  return { device: megabytes('RssShmem'), host: megabytes('RssAnon') };
}

function seconds(since: number): number {
  return Number(((performance.now() - since) / 1000).toFixed(1));
}
