import { dirname, sep } from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { EngineError } from '../errors.ts';
import type { Device, SessionGraph, SessionProfile } from './devices/device.ts';
import { runtimeError } from './runtime-error.ts';

/** A dense tensor: row-major values and their shape. */
export interface TensorValue {
  readonly data: Float32Array | BigInt64Array;
  readonly shape: readonly number[];
}

/** By the names of a graph's inputs; plain values have the shape that the graph declares. */
export type Feeds = Readonly<Record<string, TensorValue | Float32Array>>;

/** A graph made ready to run. `run` blocks the thread until it is done, and takes what the graph has inputs for. */
export interface Session {
  run(feeds: Feeds): Promise<Readonly<Record<string, Float32Array>>>;
  release(): Promise<void>;
}

/**
 * @param graph an ONNX model whose weights are external data below `profile.weightFolder`
 * @throws EngineError `out_of_memory`, `device_lost`, `inference_failed`
 */
export async function createSession(graph: SessionGraph, device: Device, profile: SessionProfile): Promise<Session> {
  const runtime = await loadRuntime();
  const session = await runtime.InferenceSession.create(graph.toBytes(), device.sessionOptions(profile, graph)).catch(
    fail,
  );
  return {
    run: (feeds) => runSession(session, runtime.Tensor, feeds),
    release: () => session.release(),
  };
}

export async function runtimeVersion(): Promise<string> {
  const { env } = await loadRuntime();
  return env.versions.common;
}

type Runtime = typeof import('onnxruntime-node');

/** Version 1.30 contains a telemetry uploader; this variable, set before the library loads, disables it. */
function loadRuntime(): Promise<Runtime> {
  process.env.ORT_DISABLE_TELEMETRY = '1';
  return import('onnxruntime-node');
}

async function runSession(
  session: InferenceSession,
  TensorClass: Runtime['Tensor'],
  feeds: Feeds,
): Promise<Record<string, Float32Array>> {
  const inputs: Record<string, Tensor> = {};
  for (const input of session.inputMetadata) {
    const feed = feeds[input.name];
    if (!feed) throw new EngineError('internal', `a network was not given its input ${input.name}`);
    const { data, shape } = feed instanceof Float32Array ? { data: feed, shape: declaredShape(input) } : feed;
    inputs[input.name] =
      data instanceof BigInt64Array ? new TensorClass('int64', data, shape) : new TensorClass('float32', data, shape);
  }
  const outputs = await session.run(inputs).catch(fail);
  const values: Record<string, Float32Array> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    if (!(tensor.data instanceof Float32Array))
      throw new EngineError('internal', `the output ${name} of a network is ${tensor.type}, not float32`);
    values[name] = tensor.data;
  }
  return values;
}

function declaredShape(input: InferenceSession.ValueMetadata): number[] {
  return input.isTensor ? input.shape.map(Number) : [];
}

function fail(cause: unknown): never {
  throw runtimeError(cause);
}

/**
 * The deepest folder that holds all files. ONNX Runtime resolves external data against one folder and refuses paths
 * outside it, so it is given the common ancestor of the real files (which for hub downloads are not where the links are).
 */
export function commonFolder(files: Iterable<string>): string {
  const folders = [...new Set(files)].map((file) => dirname(file).split(sep));
  const [first = [''], ...others] = folders;
  const shared = first.findIndex((part, depth) => others.some((parts) => parts[depth] !== part));
  const parts = shared === -1 ? first : first.slice(0, shared);
  return parts.length > 1 ? parts.join(sep) : `${parts[0] ?? ''}${sep}`;
}
