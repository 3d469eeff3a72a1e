/**
 * What the engine's process is given besides the caller's environment.
 *
 * `ORT_DISABLE_TELEMETRY`: ONNX Runtime reads it when it loads; without it, it keeps a device id and an upload queue in the
 * user's home.
 *
 * `MALLOC_MMAP_THRESHOLD_` (mallopt(3), glibc): by default the allocator moves this threshold up to 32 MB when large blocks
 * are freed, and keeps what is below: up to a gigabyte of freed activations after a 1024×1024 loop. A fixed one gives each
 * large block back to the system at once; no difference in speed was measured. The caller's own setting is left alone.
 */
export function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { MALLOC_MMAP_THRESHOLD_: String(2 ** 20), ...env, ORT_DISABLE_TELEMETRY: '1' };
}
