import { readFileSync } from 'node:fs';
import type { InferenceSession } from 'onnxruntime-node';
import type { Device, DeviceKind, GraphForm, SessionProfile } from './device.ts';

/**
 * What measurably matters on the CPU: packing copies weights to anonymous memory; the arena never shrinks from its peak;
 * spinning threads slow each other down on a shared machine. Optimising the graph of mapped or packed weights would fold their
 * half-precision values to float32 in memory, take seconds at full size (14 instead of 5 for the UNet in 8 bits), and gain little: the
 * graphs are written optimised.
 */
function sessionOptions(profile: SessionProfile): InferenceSession.SessionOptions {
  const session: Record<string, string> = {
    model_external_initializers_file_folder_path: profile.weightFolder,
    'intra_op.allow_spinning': '0',
  };
  if (profile.weights === 'mapped') session.disable_prepacking = '1';
  return {
    executionProviders: ['cpu'],
    graphOptimizationLevel: profile.weights === 'resident' ? 'all' : 'disabled',
    enableCpuMemArena: false,
    intraOpNumThreads: profile.threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: { session },
  };
}

/** Half-precision arithmetic is slower than widening each weight right before its use. */
const form: GraphForm = {
  arithmetic: 'float32',
  attention: 'fused',
  widestFusedHead: Number.MAX_SAFE_INTEGER,
  largestScores: Number.MAX_SAFE_INTEGER,
  activations: 'fused',
  stored: ['float32', 'float16', 'bfloat16', 'float64', 'float8e4m3fn', 'float8e5m2', 'uint8'],
};

export const cpu: Device = { name: 'cpu', form, hasInt8: true, keepsReleasedWeights: false, sessionOptions };

export const cpuKind: DeviceKind = {
  name: 'cpu',
  title: 'CPU',
  platforms: ['linux-x64', 'linux-arm64', 'win32-x64', 'win32-arm64', 'darwin-arm64'],
  requires: 'nothing',
  form,
  create: () => cpu,
};

/** The features that determine how fast a processor multiplies, by their names in /proc/cpuinfo. */
const FEATURES = [
  ['AVX2', /\bavx2\b/],
  ['AVX-512', /\bavx512f\b/],
  ['VNNI', /\b(avx512_vnni|avx_vnni)\b/],
  ['BF16', /\b(avx512_bf16|amx_bf16)\b/],
  ['AMX', /\bamx_int8\b/],
] as const;

export type ProcessorFeature = (typeof FEATURES)[number][0];

/** Undefined where the system does not report them (not Linux on x86). @param cpuinfo the text of /proc/cpuinfo */
export function processorFeatures(cpuinfo = readCpuinfo()): ReadonlyMap<ProcessorFeature, boolean> | undefined {
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo ?? '')?.[1];
  if (flags === undefined) return undefined;
  return new Map(FEATURES.map(([name, flag]) => [name, flag.test(flags)]));
}

/** Which of a processor's features the runtime's kernels use. */
export interface FeaturesInUse {
  /** For float32. */
  readonly exact: ProcessorFeature | undefined;
  /** For products of 8-bit integers. */
  readonly int8: ProcessorFeature | undefined;
  /** Present, and of no use. */
  readonly unused: readonly ProcessorFeature[];
}

/**
 * The best of each kind that the kernels of ONNX Runtime 1.30 (MLAS) have: its library has AVX2 and AVX-512 for float32, and VNNI and AMX's
 * `tdpbusd` for u8 × s8, but not one of the instructions of BF16 (`vdpbf16ps`, `tdpbf16ps`).
 */
export function featuresInUse(features: ReadonlyMap<ProcessorFeature, boolean>): FeaturesInUse {
  const best = (...names: readonly ProcessorFeature[]) => names.find((name) => features.get(name));
  return {
    exact: best('AVX-512', 'AVX2'),
    int8: best('AMX', 'VNNI', 'AVX-512', 'AVX2'),
    unused: features.get('BF16') ? ['BF16'] : [],
  };
}

function readCpuinfo(): string | undefined {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return undefined; // not Linux
  }
}
