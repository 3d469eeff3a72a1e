import type { ProbeHooks } from '../components/probe-device.ts';
import { cancelledError, EngineError } from '../errors.ts';
import type { DeviceChoice } from '../loading/choose-device.ts';
import type { GenerateOptions, LoadOptions, Model } from '../model.ts';
import type { ProbeFindings } from '../runtime/devices/probe-steps.ts';
import type { PassEvent, RunHooks } from '../runtime/passes.ts';
import { type EngineCall, type FromChild, isPictureCall, isToChild, toWireError } from './protocol.ts';

type Load = (model: string, options: LoadOptions, device: DeviceChoice) => Promise<Model>;

/** Runs a step of a probe. */
type Probe = (call: EngineCall & { readonly type: 'probe' }, hooks: ProbeHooks) => Promise<ProbeFindings>;

/**
 * Serves an engine to the process that forked this one, until that process disconnects or exits.
 *
 * No handler for SIGTERM or SIGINT: a run blocks the event loop, so a handler could not run, while the default action ends
 * the process at once (a Ctrl-C at a terminal reaches the whole process group and stops this process as well).
 */
export function serveEngine(load: Load, probe?: Probe): void {
  let model: Model | undefined;
  let running: { readonly id: number; readonly controller: AbortController } | undefined;

  // The channel closes when the parent disconnects or exits. A busy child notices when its event loop runs: at the next pass boundary.
  process.on('disconnect', () => process.exit(0));

  process.on('message', (message: unknown) => {
    if (!isToChild(message)) throw new TypeError('a message that is not of the protocol');
    if (isPictureCall(message)) throw new TypeError('a call of another process');
    if (message.type !== 'cancel') void answer(message.id, message);
    else if (running?.id === message.id) running.controller.abort();
  });

  async function answer(id: number, call: EngineCall): Promise<void> {
    const controller = new AbortController();
    running = { id, controller };
    try {
      send({ id, type: 'done', value: await perform(id, call, controller.signal) });
    } catch (thrown) {
      send({ id, type: 'failed', error: toWireError(controller.signal.aborted ? cancelledError() : thrown) });
    } finally {
      running = undefined;
    }
  }

  async function perform(id: number, call: EngineCall, signal: AbortSignal): Promise<unknown> {
    if (call.type === 'load') {
      model = await load(call.model, call.options, call.device);
      return model.info;
    }
    const watched = {
      signal,
      onPass: (pass: PassEvent) => send({ id, type: 'pass', pass }),
      onNotice: (notice: string) => send({ id, type: 'notice', notice }),
    };
    if (call.type === 'probe') return probe?.(call, watched);
    if (model === undefined) throw new EngineError('internal', 'a call before the model was loaded');
    if (call.type === 'tokenize') return model.tokenize(call.text);
    if (call.type === 'prepare')
      return model.prepare(call.size, { ...watched, ...(call.profile && { profile: call.profile }) });
    const options: GenerateOptions & RunHooks = {
      ...watched,
      ...(call.steps && { onStep: (step) => send({ id, type: 'step', step }) }),
      ...(call.samples && { onSample: (sample) => send({ id, type: 'sample', sample }) }),
      ...(call.previewEvery !== undefined && { previewEvery: call.previewEvery }),
      ...(call.previewBy !== undefined && { previewBy: call.previewBy }),
    };
    return model.generate(call.request, options);
  }
}

/**
 * On POSIX a small message is written before `send` returns, so the parent learns of a pass even though the pass then blocks
 * this process. If the parent has exited, the process ends here, without waiting for the event loop.
 */
function send(message: FromChild): void {
  if (process.send === undefined || !process.connected) process.exit(0);
  // Without a callback a failed write is thrown as an uncaught error, stack trace and all.
  process.send(message, (error) => {
    if (error !== null) process.exit(0);
  });
}
