/**
 * The caller's variables that the engine's process gets. Everything else stays here: the environment of a server holds keys, its secret and
 * the database's password, and a process of native code that reads pictures and weights has no use for them.
 */
const allowed: readonly RegExp[] = [
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|PWD|TZ|LANG|LANGUAGE|TMPDIR|TMP|TEMP|XDG_CACHE_HOME|XDG_DATA_HOME|XDG_RUNTIME_DIR)$/,
  /^LC_/,
  // Where libraries are, and how the allocator, threads and devices behave.
  /^(?:LD|DYLD)_/,
  /^(?:MALLOC|OMP|GOMP|KMP|MKL|OPENBLAS|ORT|CUDA|NVIDIA|HIP|ROCR?|HSA|VK|MESA|ASAN|UBSAN)_/,
  /^(?:NODE_OPTIONS|NODE_V8_COVERAGE|NODE_PATH|NODE_DEBUG|NODE_ENV|UV_THREADPOOL_SIZE|NO_COLOR)$/,
  /^EASEL_(?:MODELS_DIR|DEBUG)$/,
  // Without these no process of Windows works.
  /^(?:SystemRoot|SystemDrive|windir|ComSpec|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA|ProgramData|NUMBER_OF_PROCESSORS)$/i,
];

/**
 * The environment of the engine's process.
 *
 * `ORT_DISABLE_TELEMETRY`: ONNX Runtime reads it when it loads; without it, it keeps a device id and an upload queue in the
 * user's home.
 *
 * `MALLOC_MMAP_THRESHOLD_` (mallopt(3), glibc): by default the allocator moves this threshold up to 32 MB when large blocks
 * are freed, and keeps what is below: up to a gigabyte of freed activations after a 1024×1024 loop. A fixed one gives each
 * large block back to the system at once; no difference in speed was measured. The caller's own setting is left alone.
 */
export function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = Object.entries(env).filter(([name]) => allowed.some((pattern) => pattern.test(name)));
  return { MALLOC_MMAP_THRESHOLD_: String(2 ** 20), ...Object.fromEntries(passed), ORT_DISABLE_TELEMETRY: '1' };
}
