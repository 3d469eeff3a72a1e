import { stat } from 'node:fs/promises';
import { ifPresent } from '@easel/errors';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { openCheckpoint } from '../checkpoints/open-checkpoint.ts';
import { downscaleOf } from '../components/vae/config.ts';
import { elementTypeOf } from '../components/weight-binder.ts';
import {
  parseSdxlConfigs,
  type SdxlConfigs,
  type SdxlPart,
  sdxlEncoders,
  sdxlParts,
} from '../families/sdxl-architecture.ts';
import type { MemoryEstimate } from '../model.ts';
import type { Device } from '../runtime/devices/device.ts';
import {
  chosenUse,
  type MemoryNeeds,
  type MemorySetting,
  machineMemory,
  outcomeOf,
  peakBytes,
} from '../runtime/memory.ts';
import type { Precision, Target } from '../runtime/variant.ts';
import { findModel } from './find-model.ts';
import { int8Matrices, matrixShape, type PartMatrices, tensorsOf } from './int8-weights.ts';
import { isSdxlPart, storedBytes } from './precision.ts';

const FLOAT_BYTES = 4;

/**
 * The peak of a network's intermediate results, in feature maps of its finest level: at 1024×1024 with SDXL's networks 1.4 GB for the
 * UNet, and 3.8 GB for the VAE's decoder, 4.1 GB in 8 bits (npm run bench:memory).
 */
const UNET_MAPS = 65;
const VAE_MAPS = 8;
const TEXT_WORK_BYTES = 50e6;

/**
 * On a device the runtime keeps buffers for reuse: those of SDXL's UNet, measured at 64×64 and 512×512 in float32, are as large as so many
 * feature maps, and the widened copies of half-precision weights as so large a part of the weights.
 */
const DEVICE_UNET_MAPS = 64;
const WIDENED_SHARE = 0.16;

/** What a LoRA takes for each byte of its file, which is mapped, with what its branches widen (docs/adr/0016-adapters-are-branches.md). */
const LORA_SHARE = 2;

/** What LoRAs take beside the UNet; a file that is not there is told of by the request that names it. */
export async function loraBytes(files: readonly string[] = []): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await ifPresent(stat(file)))?.size ?? 0));
  return LORA_SHARE * sizes.reduce((sum, size) => sum + size, 0);
}

/** The needs of a model that is used with so many bytes of LoRAs. */
export function withLoras(needs: MemoryNeeds, bytes: number): MemoryNeeds {
  return { ...needs, denoise: { ...needs.denoise, weights: needs.denoise.weights + bytes } };
}

/** What a model needs at its native size, from the headers of its files. @param precision by part; `exact` where absent */
export function memoryNeeds(
  checkpoint: Checkpoint,
  configs: SdxlConfigs,
  precision: Target['precision'] = {},
): MemoryNeeds {
  const matrices = Object.values(precision).includes('int8') ? int8Matrices(checkpoint, configs) : undefined;
  const weights = (part: SdxlPart) =>
    weightBytes(checkpoint, part, precision[part] === 'int8' ? matrices?.get(part) : undefined);
  const latentPixels = configs.unet.sampleSize ** 2;
  const pixels = latentPixels * downscaleOf(configs.vae) ** 2;
  const maps = (count: number, size: number, channels = 1) => count * size * channels * FLOAT_BYTES;
  return {
    texts: { weights: sdxlEncoders.reduce((sum, { part }) => sum + weights(part), 0), work: TEXT_WORK_BYTES },
    denoise: { weights: weights('unet'), work: maps(UNET_MAPS, latentPixels, configs.unet.blockOutChannels[0]) },
    pixels: { weights: weights('vae'), work: maps(VAE_MAPS, pixels, configs.vae.blockOutChannels[0]) },
  };
}

/** The same of a device's own memory. */
export function deviceNeeds({ components }: Checkpoint, configs: SdxlConfigs, { form }: Device): MemoryNeeds {
  const weights = (part: SdxlPart) => {
    const tensors = [...components[part].tensors.values()];
    // A graph with a type that the device cannot read is folded to float32 as a whole.
    if (tensors.every(({ dtype }) => form.stored.includes(elementTypeOf(dtype))))
      return storedBytes(components[part].tensors);
    return tensors.reduce((sum, { shape }) => sum + FLOAT_BYTES * shape.reduce((count, side) => count * side, 1), 0);
  };
  const latentPixels = configs.unet.sampleSize ** 2;
  const pixels = latentPixels * downscaleOf(configs.vae) ** 2;
  const unet = weights('unet');
  const isWidened = form.arithmetic === 'float32' && unet === storedBytes(components.unet.tensors);
  const elementBytes = form.arithmetic === 'float32' ? FLOAT_BYTES : FLOAT_BYTES / 2;
  const maps = DEVICE_UNET_MAPS * latentPixels * (configs.unet.blockOutChannels[0] ?? 0) * elementBytes;
  return {
    texts: { weights: sdxlEncoders.reduce((sum, { part }) => sum + weights(part), 0), work: TEXT_WORK_BYTES },
    denoise: { weights: unet, work: maps + (isWidened ? WIDENED_SHARE * unet : 0) },
    pixels: { weights: weights('vae'), work: VAE_MAPS * pixels * (configs.vae.blockOutChannels[0] ?? 0) * FLOAT_BYTES },
  };
}

/** As stored, with the matrices in 8 bits, if given, in place of the tensors that they were made from. */
function weightBytes({ components }: Checkpoint, part: SdxlPart, matrices: PartMatrices = new Map()): number {
  const { tensors } = components[part];
  const codes = [...matrices.values()].map((matrix) => {
    const [inputs, outputs] = matrixShape(matrix);
    return (inputs + FLOAT_BYTES) * outputs;
  });
  return (
    storedBytes(tensors) - storedBytes(tensorsOf(matrices, tensors)) + codes.reduce((sum, bytes) => sum + bytes, 0)
  );
}

/** @throws EngineError of a model that does not load */
export async function memoryEstimateOf(pathOrName: string, setting: MemorySetting): Promise<MemoryEstimate> {
  const checkpoint = await openCheckpoint(findModel(pathOrName, process.env));
  const configs = parseSdxlConfigs(checkpoint.components);
  const availableBytes = machineMemory();
  const needsIn = (precision: Precision) => {
    const parts = Object.keys(sdxlParts).filter(isSdxlPart);
    return memoryNeeds(checkpoint, configs, Object.fromEntries(parts.map((part) => [part, precision])));
  };
  // A model is loaded for all profiles, and `exact` needs the most: see planMemory.
  const use = chosenUse(setting, needsIn('exact'));
  const estimate = (precision: Precision) => {
    const needs = needsIn(precision);
    return { use, peakBytes: peakBytes(needs, use), outcome: outcomeOf(needs, use, availableBytes) };
  };
  return { availableBytes, exact: estimate('exact'), int8: estimate('int8') };
}
