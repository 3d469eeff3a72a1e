import { type ChildProcess, fork } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import { EngineError } from '../errors.ts';
import type { StepEvent } from '../model.ts';
import type { PassEvent } from '../runtime/passes.ts';
import { childEnvironment } from './child-environment.ts';
import { childArguments } from './child-module.ts';
import { type ChildExit, crashError } from './exit-report.ts';
import { OutputTail } from './output-tail.ts';
import { type Call, type FromChild, isFromChild, isToChild, type ToChild } from './protocol.ts';
import { fromWireError } from './wire-error.ts';

/** A disconnected child ends by itself in milliseconds; past this it is killed. */
const stopPatienceMs = 3000;

export interface CallEvents {
  readonly onPass?: (pass: PassEvent) => void;
  readonly onStep?: (step: StepEvent) => void;
}

interface PendingCall extends CallEvents {
  readonly id: number;
  readonly done: (value: unknown) => void;
  readonly fail: (error: EngineError) => void;
}

/** One child process from its fork to its end: it takes one call at a time and reports its own death as that call's error. */
export class EngineChild {
  readonly #process: ChildProcess;
  readonly #output: OutputTail;
  /** Resolves when the process is gone and all it wrote has been read. */
  readonly exited: Promise<ChildExit>;
  #call: PendingCall | undefined;
  #calls = 0;
  #condemned = false;

  constructor(module: URL, onOutput: (line: string) => void) {
    this.#output = new OutputTail(onOutput);
    this.#process = fork(module, [], {
      serialization: 'advanced',
      env: childEnvironment(process.env),
      execArgv: childArguments(process.execArgv),
      // Neither inherited: nothing of the engine's may mix with what the program prints.
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

  /** Whether its end is our doing. */
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
        const error = untrusted(`the answer to '${call.type}'`);
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

  /** Ends the process at once, in the middle of a run if need be; the pending call rejects with `reason` right away. */
  kill(reason: EngineError): void {
    this.#condemned ||= this.usable;
    this.#killNow();
    this.#fail(reason);
  }

  /** Lets an idle child go: it sees the closed channel and exits 0. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#condemned = true;
    if (this.#process.connected) this.#process.disconnect();
    const timer = setTimeout(this.#killNow, stopPatienceMs).unref();
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

  /** Also when this process exits: a child in the middle of a run would go on to the end of its pass. */
  readonly #killNow = (): void => {
    this.#process.kill('SIGKILL');
  };

  #send(message: ToChild): void {
    try {
      if (!isToChild(message)) throw new TypeError('it is not of the documented type');
      // A failed write means that the process is dying; its end is reported as such, with a better reason.
      // The structured clone refuses functions, symbols and the like.
      this.#process.send(message, () => {});
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      this.#fail(new EngineError('invalid_request', `the request cannot be sent to the engine's process: ${reason}`));
    }
  }

  #receive(message: unknown): void {
    const call = this.#call;
    if (!isFromChild(message)) this.kill(untrusted('a message'));
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
    // What it sent and wrote may come after its exit. (The 'close' event would tell, were it not lost after a disconnect.)
    const allRead = Promise.all([
      ended(this.#process, 'disconnect'),
      ...this.#pipes.map((pipe) => ended(pipe, 'close')),
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

/** What stdout and stderr of a child are, though typed as mere streams. */
interface Pipe extends Readable {
  ref(): void;
  unref(): void;
}

function isPipe(stream: Readable | null): stream is Pipe {
  return stream !== null && 'ref' in stream && 'unref' in stream;
}

/** A child that says what the protocol does not know is broken. */
function untrusted(what: string): EngineError {
  return new EngineError('internal', `the engine's process sent ${what} in a form that the protocol does not have`);
}

function ended(emitter: EventEmitter, event: 'close' | 'disconnect'): Promise<void> {
  return new Promise((resolve) => emitter.once(event, resolve));
}
