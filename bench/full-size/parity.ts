import type { Checkpoint } from '../../packages/engine/src/checkpoints/checkpoint.ts';
import { openCheckpoint } from '../../packages/engine/src/checkpoints/open-checkpoint.ts';
import { pooledPosition } from '../../packages/engine/src/components/clip/encoder.ts';
import { buildClipText } from '../../packages/engine/src/components/clip/graph.ts';
import type { BoundGraph, LayersOf } from '../../packages/engine/src/components/layers.ts';
import { layersOver } from '../../packages/engine/src/components/network.ts';
import { buildTextProjections, buildUNet } from '../../packages/engine/src/components/unet/graph.ts';
import { additionVector, sinusoid } from '../../packages/engine/src/components/unet/unet.ts';
import { buildVaeDecoder, buildVaeEncoder } from '../../packages/engine/src/components/vae/graph.ts';
import { parseSdxlConfigs, type SdxlPart } from '../../packages/engine/src/families/sdxl-architecture.ts';
import { cpu } from '../../packages/engine/src/runtime/devices/cpu.ts';
import { engineThreads } from '../../packages/engine/src/runtime/devices/processors.ts';
import { commonFolder, createSession, type TensorValue } from '../../packages/engine/src/runtime/session.ts';
import type { Fixture } from '../../packages/engine/test/fixtures.ts';

export interface Parity {
  readonly what: string;
  readonly seconds: number;
  /** max |a − b| / max |b| */
  readonly relative: number;
  readonly l2: number;
}

/** Runs every network of a full-size checkpoint on the reference's inputs and compares the outputs. */
export async function measureParity(path: string, reference: Fixture): Promise<Parity[]> {
  const checkpoint = await openCheckpoint(path);
  const { clips, unet, vae } = parseSdxlConfigs(checkpoint.components);
  const rows: Parity[] = [];
  const compare = async (what: string, run: NetworkRun, outputs: Readonly<Record<string, string>>) => {
    const { results, seconds } = await runOnce(checkpoint, run);
    for (const [output, name] of Object.entries(outputs)) {
      rows.push({ what: `${what} ${output}`, seconds, ...difference(results[output], floats(reference, name).data) });
    }
  };
  for (const index of [0, 1] as const) {
    const ids = reference.get(`text_${index + 1}.ids`)?.data;
    if (!(ids instanceof Int32Array)) throw new Error('the reference holds no token ids');
    const feeds = {
      ids: { data: BigInt64Array.from(ids, BigInt), shape: [ids.length] },
      ...(index === 1 && { end: { data: BigInt64Array.of(BigInt(pooledPosition(ids))), shape: [1] } }),
    };
    const component = index === 0 ? 'text_encoder' : 'text_encoder_2';
    const outputs = { hidden: `text_${index + 1}.hidden`, ...(index === 1 && { pooled: 'text_2.pooled' }) };
    await compare(component, { component, feeds, build: (of) => buildClipText(clips[index], of) }, outputs);
  }
  const latents = floats(reference, 'vae.decode.latents');
  const decode = {
    component: 'vae',
    feeds: { latents },
    build: (of: LayersOf) => buildVaeDecoder(vae, sizeOf(latents), of),
  };
  await compare('vae decode', { ...decode, component: 'vae' }, { image: 'vae.decode.output' });
  const image = floats(reference, 'vae.encode.picture');
  const encode = { feeds: { image }, build: (of: LayersOf) => buildVaeEncoder(vae, sizeOf(image), of) };
  await compare('vae encode', { ...encode, component: 'vae' }, { moments: 'vae.encode.moments' });
  for (const call of ['unet_512x512', 'unet_512x768', 'unet_1024x1024']) {
    const sample = floats(reference, `${call}.sample`);
    const time = sinusoid(floats(reference, `${call}.timestep`).data[0], unet.blockOutChannels[0]);
    const pooled = floats(reference, `${call}.text_embeds`).data;
    const ids = [...floats(reference, `${call}.time_ids`).data];
    const addition = additionVector(pooled, ids, unet.additionTimeEmbedDim);
    const { results } = await runOnce(checkpoint, {
      component: 'unet',
      build: (of: LayersOf) => buildTextProjections(unet, { batch: 1, tokens: 77 }, of),
      feeds: { context: floats(reference, `${call}.encoder_hidden_states`) },
    });
    const text = Object.entries(results).map(
      ([name, data]) => [name, { data, shape: [77, data.length / 77] }] as const,
    );
    const feeds = {
      sample,
      ...Object.fromEntries(text),
      time: { data: time, shape: [1, time.length] },
      addition: { data: addition, shape: [1, addition.length] },
    };
    const build = (of: LayersOf) => buildUNet(unet, { ...sizeOf(sample), tokens: 77 }, of);
    await compare(call, { component: 'unet', feeds, build }, { prediction: `${call}.output` });
  }
  return rows;
}

interface NetworkRun {
  readonly component: SdxlPart;
  readonly feeds: Readonly<Record<string, TensorValue>>;
  readonly build: (layersOf: LayersOf) => BoundGraph;
}

async function runOnce(checkpoint: Checkpoint, { component, feeds, build }: NetworkRun) {
  const { tensors } = checkpoint.components[component];
  const weightFolder = commonFolder([...tensors.values()].map(({ file }) => file));
  const graph = build(layersOver(tensors, cpu, weightFolder));
  const session = await createSession(graph, cpu, {
    weightFolder,
    threads: engineThreads(),
    weights: 'mapped',
  });
  const began = performance.now();
  const results = await session.run(feeds);
  const seconds = (performance.now() - began) / 1000;
  await session.release();
  return { results, seconds };
}

function floats(reference: Fixture, name: string): { data: Float32Array; shape: readonly number[] } {
  const tensor = reference.get(name);
  if (!(tensor?.data instanceof Float32Array)) throw new Error(`the reference holds no float32 tensor ${name}`);
  return { data: tensor.data, shape: tensor.shape };
}

function sizeOf({ shape }: { readonly shape: readonly number[] }) {
  const [batch = 1, , height = 1, width = 1] = shape;
  return { batch, height, width };
}

function difference(actual: Float32Array, expected: Float32Array): { relative: number; l2: number } {
  let [largest, scale, squares, total] = [0, 0, 0, 0];
  expected.forEach((value, index) => {
    const error = Math.abs(actual[index] - value);
    largest = Math.max(largest, error);
    scale = Math.max(scale, Math.abs(value));
    squares += error ** 2;
    total += value ** 2;
  });
  return { relative: largest / scale, l2: Math.sqrt(squares / total) };
}
