import { type ChildProcess, fork } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import { EngineError } from '../errors.ts';
import type { SampleEvent, StepEvent } from '../model.ts';
import { cudaEnvironment } from '../runtime/devices/cuda-files.ts';
import { machineMemory } from '../runtime/memory.ts';
import type { PassEvent } from '../runtime/passes.ts';
import { type ChildExit, crashError } from './exit-report.ts';
import { type Call, type FromChild, fromWireError, isFromChild, isToChild, type ToChild } from './protocol.ts';

/** A disconnected child exits by itself in milliseconds; after this time it is killed. */
const STOP_TIMEOUT_MS = 3000;

export interface CallEvents {
  readonly onPass?: (pass: PassEvent) => void;
  readonly onStep?: (step: StepEvent) => void;
  readonly onSample?: (event: SampleEvent) => void;
}

interface PendingCall extends CallEvents {
  readonly id: number;
  readonly done: (value: unknown) => void;
  readonly fail: (error: EngineError) => void;
}

/** One child process from fork to exit: it handles one call at a time and reports a crash as that call's error. */
export class EngineChild {
  readonly #process: ChildProcess;
  readonly #output: OutputTail;
  readonly #onNotice: (notice: string) => void;
  /** Resolves when the process has exited and all its output has been read. */
  readonly exited: Promise<ChildExit>;
  #call: PendingCall | undefined;
  #calls = 0;
  #condemned = false;

  /** @param environment what is added to its own */
  constructor(
    module: URL,
    onOutput: (line: string) => void,
    environment: Readonly<Record<string, string>> = {},
    onNotice: (notice: string) => void = () => {},
  ) {
    this.#onNotice = onNotice;
    this.#output = new OutputTail(onOutput);
    this.#process = fork(module, [], {
      serialization: 'advanced',
      env: { ...childEnvironment(process.env), ...environment },
      execArgv: childArguments(process.execArgv),
      // Neither is inherited: the engine's output must not mix with what the program prints.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const pipe of this.#pipes) pipe.setEncoding('utf8').on('data', (text: string) => this.#output.write(text));
    this.#process.on('message', (message) => this.#receive(message));
    process.on('exit', this.#killNow);
    this.exited = this.#untilGone();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Whether we ended it. */
  get condemned(): boolean {
    return this.#condemned;
  }

  /** Whether it can take a call: running, connected and not about to be ended. */
  get usable(): boolean {
    const { exitCode, signalCode, connected } = this.#process;
    return exitCode === null && signalCode === null && connected && !this.#condemned;
  }

  /** Sends a call and waits for its answer; `accept` checks the answer's type. Rejects with an `EngineError` only. */
  call<T>(call: Call, accept: (value: unknown) => value is T, events: CallEvents = {}): Promise<T> {
    const id = ++this.#calls;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const done = (value: unknown) => {
      if (accept(value)) {
        resolve(value);
      } else {
        const error = protocolError(`the answer to '${call.type}'`);
        this.kill(error);
        reject(error);
      }
    };
    this.#call = { ...events, id, done, fail: reject };
    this.#send({ ...call, id });
    return promise;
  }

  /** Asks the child to stop its call at the next pass boundary. */
  cancel(): void {
    if (this.#call) this.#send({ type: 'cancel', id: this.#call.id });
  }

  /** Kills the process at once, even during a run; the pending call rejects with `reason` immediately. */
  kill(reason: EngineError): void {
    this.#condemned ||= this.usable;
    this.#killNow();
    this.#fail(reason);
  }

  /** Disconnects an idle child: it sees the closed channel and exits with code 0. Resolves when it has exited. */
  async stop(): Promise<void> {
    this.#condemned = true;
    if (this.#process.connected) this.#process.disconnect();
    const timer = setTimeout(this.#killNow, STOP_TIMEOUT_MS).unref();
    await this.exited;
    clearTimeout(timer);
  }

  /** While it works, the child keeps this process alive … */
  ref(): void {
    this.#process.ref();
    this.#process.channel?.ref();
    for (const pipe of this.#pipes) pipe.ref();
  }

  /** … and when idle it does not: this process may end, and the child then ends too. */
  unref(): void {
    this.#process.unref();
    this.#process.channel?.unref();
    for (const pipe of this.#pipes) pipe.unref();
  }

  get #pipes(): Pipe[] {
    return [this.#process.stdout, this.#process.stderr].filter(isPipe);
  }

  /** Also when this process exits: otherwise a child in the middle of a run would continue to the end of its pass. */
  readonly #killNow = (): void => {
    this.#process.kill('SIGKILL');
  };

  #send(message: ToChild): void {
    try {
      if (!isToChild(message)) throw new TypeError('it is not of the documented type');
      // A failed write means that the process is exiting; its exit is reported instead, with a better reason.
      // The structured clone refuses functions, symbols and the like.
      this.#process.send(message, () => {});
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      this.#fail(new EngineError('invalid_request', `the request cannot be sent to the engine's process: ${reason}`));
    }
  }

  #receive(message: unknown): void {
    const call = this.#call;
    if (!isFromChild(message)) this.kill(protocolError('a message'));
    else if (call?.id === message.id) this.#dispatch(call, message);
  }

  #dispatch(call: PendingCall, message: FromChild): void {
    switch (message.type) {
      case 'pass':
        call.onPass?.(message.pass);
        break;
      case 'step':
        call.onStep?.(message.step);
        break;
      case 'sample':
        call.onSample?.(message.sample);
        break;
      case 'notice':
        this.#onNotice(message.notice);
        break;
      case 'done':
        this.#call = undefined;
        call.done(message.value);
        break;
      case 'failed':
        this.#fail(fromWireError(message.error));
    }
  }

  #fail(error: EngineError): void {
    const call = this.#call;
    this.#call = undefined;
    call?.fail(error);
  }

  async #untilGone(): Promise<ChildExit> {
    // Its messages and output may arrive after its exit. ('close' would signal that they are complete, but is lost after a disconnect.)
    const allRead = Promise.all([
      waitFor(this.#process, 'disconnect'),
      ...this.#pipes.map((pipe) => waitFor(pipe, 'close')),
    ]);
    const exit = await new Promise<ChildExit>((resolve) => {
      this.#process.once('exit', (code, signal) => resolve({ code, signal }));
      this.#process.on('error', (spawnError) => {
        if (this.#process.pid === undefined) resolve({ code: null, signal: null, spawnError });
      });
    });
    if (exit.spawnError === undefined) await allRead;
    process.off('exit', this.#killNow);
    this.#output.end();
    this.#fail(crashError(exit, this.#output.lines));
    return exit;
  }
}

/** The actual type of a child's stdout and stderr, which are typed as plain streams. */
interface Pipe extends Readable {
  ref(): void;
  unref(): void;
}

function isPipe(stream: Readable | null): stream is Pipe {
  return stream !== null && 'ref' in stream && 'unref' in stream;
}

/** A child that sends messages outside the protocol is broken. */
function protocolError(what: string): EngineError {
  return new EngineError('internal', `the engine's process sent ${what} in a form that the protocol does not have`);
}

function waitFor(emitter: EventEmitter, event: 'close' | 'disconnect'): Promise<void> {
  return new Promise((resolve) => emitter.once(event, resolve));
}

/**
 * The caller's variables that are passed to the engine's process. All others are withheld: a server's environment holds keys, its secret and
 * the database's password, which a process of native code that reads pictures and weights does not need.
 */
const allowed: readonly RegExp[] = [
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|PWD|TZ|LANG|LANGUAGE|TMPDIR|TMP|TEMP|XDG_CACHE_HOME|XDG_RUNTIME_DIR)$/,
  /^XDG_(?:CONFIG|DATA)_(?:DIRS|HOME)$/, // where Vulkan looks for drivers
  /^LC_/,
  // Library paths, and settings of the allocator, threads and devices.
  /^(?:LD|DYLD)_/,
  /^(?:MALLOC|OMP|GOMP|KMP|MKL|OPENBLAS|ORT|CUDA|NVIDIA|HIP|ROCR?|HSA|VK|MESA|ASAN|UBSAN)_/,
  /^(?:DRI_PRIME|AMD_VULKAN_ICD)$/,
  /^(?:NODE_OPTIONS|NODE_V8_COVERAGE|NODE_PATH|NODE_DEBUG|NODE_ENV|NODE_COMPILE_CACHE|UV_THREADPOOL_SIZE|NO_COLOR)$/,
  /^EASEL_(?:MODELS_DIR|DEVICES_DIR|DEBUG)$/,
  // No Windows process works without these.
  /^(?:SystemRoot|SystemDrive|windir|ComSpec|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA|ProgramData|NUMBER_OF_PROCESSORS)$/i,
];

/**
 * The environment of the engine's process.
 *
 * `ORT_DISABLE_TELEMETRY`: ONNX Runtime reads it when it loads; without it, it keeps a device id and an upload queue in the
 * user's home.
 *
 * `MALLOC_MMAP_THRESHOLD_`, `MALLOC_TRIM_THRESHOLD_` (mallopt(3), glibc): how much of the freed activations the process retains. Every
 * block that is returned to the system at once has to be filled with zeros again at its next use: up to a tenth of a pass in 8 bits.
 * So blocks of up to 32 MB, the most that glibc allows, are retained, except on small machines: there they are up to a gigabyte too many.
 * The caller's own settings take precedence.
 *
 * `LD_LIBRARY_PATH`: where CUDA's libraries are installed, their folder is in front.
 */
export function childEnvironment(env: NodeJS.ProcessEnv, memory = machineMemory()): NodeJS.ProcessEnv {
  const passed = Object.entries(env).filter(([name]) => allowed.some((pattern) => pattern.test(name)));
  const retained = memory < SMALL_MACHINE_BYTES ? 1 : 32;
  return {
    MALLOC_MMAP_THRESHOLD_: String(retained * MEBIBYTE),
    MALLOC_TRIM_THRESHOLD_: String(8 * retained * MEBIBYTE),
    ...Object.fromEntries(passed),
    ...cudaEnvironment(env),
    ORT_DISABLE_TELEMETRY: '1',
  };
}

const MEBIBYTE = 2 ** 20;
const SMALL_MACHINE_BYTES = 12e9;

/** The path of a child's code: next to this file, with the extension this file has (.ts from source, .js when built). */
export function childModule(name: 'child' | 'picture-child', thisModule: string = import.meta.url): URL {
  return new URL(`./${name}${thisModule.endsWith('.ts') ? '.ts' : '.js'}`, thisModule);
}

/**
 * Node's own arguments for the child. Of this process's: only the conditions under which it resolves packages (a workspace package may be
 * its sources). Inheriting all would also pass on `--eval`, `--input-type`, `--inspect-brk` or `--watch`.
 *
 * `--max-semi-space-size`: V8 doubles the space for new objects, up to 32 MB and more, with everything that happens to survive, and keeps
 * it. The engine's large arrays are outside of it, so 4 MB are as fast, and leave a child that makes small pictures for hours 35 MB smaller.
 */
export function childArguments(ofThisProcess: readonly string[]): string[] {
  const conditions = ofThisProcess.filter((argument, index) => {
    const previous = ofThisProcess[index - 1] ?? '';
    return /^(--conditions|-C)(=|$)/.test(argument) || /^(--conditions|-C)$/.test(previous);
  });
  return [...conditions, '--max-semi-space-size=4'];
}

const MAX_LINES = 20;
const MAX_LINE_LENGTH = 2000;

/** The last lines that a process wrote before it ended. */
export class OutputTail {
  readonly #lines: string[] = [];
  readonly #onLine: (line: string) => void;
  #unfinished = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(text: string): void {
    const lines = (this.#unfinished + text).split(/\r?\n/);
    this.#unfinished = (lines.pop() ?? '').slice(-MAX_LINE_LENGTH);
    for (const line of lines) this.#keep(line);
  }

  /** To be called at the end of the output: a crashing process rarely terminates its last line. */
  end(): void {
    this.#keep(this.#unfinished);
    this.#unfinished = '';
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  #keep(line: string): void {
    if (line.trim() === '') return;
    this.#lines.push(line.slice(0, MAX_LINE_LENGTH));
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
    this.#onLine(line.slice(0, MAX_LINE_LENGTH));
  }
}
