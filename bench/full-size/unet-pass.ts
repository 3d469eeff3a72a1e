import { openCheckpoint } from '../../packages/engine/src/checkpoints/open-checkpoint.ts';
import { layersOver } from '../../packages/engine/src/components/network.ts';
import { buildTextProjections, buildUNet } from '../../packages/engine/src/components/unet/graph.ts';
import { additionVector, sinusoid } from '../../packages/engine/src/components/unet/unet.ts';
import { parseSdxlConfigs } from '../../packages/engine/src/families/sdxl-architecture.ts';
import { commonFolder, createSession, type TensorValue } from '../../packages/engine/src/runtime/session.ts';
import { devices } from '../../packages/engine/src/runtime/variant.ts';

/** Makes the session of a UNet of batch 1, and gives back what runs one pass over seeded noise. */
export async function unetPass(path: string, { size, threads }: { readonly size: number; readonly threads: number }) {
  const checkpoint = await openCheckpoint(path);
  const { unet } = parseSdxlConfigs(checkpoint.components);
  const { tensors } = checkpoint.components.unet;
  const weightFolder = commonFolder([...tensors.values()].map(({ file }) => file));
  const side = size / 8;
  const layersOf = layersOver(tensors, devices.cpu, weightFolder);
  const profile = { weightFolder, threads, weights: 'mapped' } as const;
  const projector = await createSession(
    buildTextProjections(unet, { batch: 1, tokens: 77 }, layersOf).toBytes(),
    devices.cpu,
    profile,
  );
  const projected = await projector.run({ context: { data: noise(77 * 2048), shape: [1, 77, 2048] } });
  await projector.release();
  const graph = buildUNet(unet, { batch: 1, height: side, width: side, tokens: 77 }, layersOf);
  const session = await createSession(graph.toBytes(), devices.cpu, profile);
  const time = sinusoid(0.5, unet.blockOutChannels[0]);
  const addition = additionVector(noise(1280), [size, size, 0, 0, size, size], unet.additionTimeEmbedDim);
  const feeds: Record<string, TensorValue> = {
    sample: { data: noise(4 * side * side), shape: [1, 4, side, side] },
    time: { data: time, shape: [1, time.length] },
    addition: { data: addition, shape: [1, addition.length] },
  };
  for (const [name, data] of Object.entries(projected)) feeds[name] = { data, shape: [77, data.length / 77] };
  return { run: () => session.run(feeds), release: () => session.release() };
}

/** Uniform values of variance 1, the same in every process. */
function noise(length: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * Math.sqrt(12);
  });
}
