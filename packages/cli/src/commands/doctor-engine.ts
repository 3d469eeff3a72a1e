import type { EngineError, EngineHost, GeneratedImage } from '@easel/engine';
import type { CommandContext } from '../cli-context.ts';
import { formatDuration } from '../text.ts';
import { type Finding, fail, failWith, pass } from './doctor-finding.ts';

/** Few: the picture need not be good. */
const STEPS = 4;

/** Starts the engine's process with the embedded model and makes a picture. */
export async function checkEngine(env: CommandContext['env'], signal: AbortSignal): Promise<Finding[]> {
  const [{ createEngineHost }, { resolveModel }] = await Promise.all([
    import('@easel/engine'),
    import('@easel/models'),
  ]);
  const began = performance.now();
  let host: EngineHost;
  try {
    host = await createEngineHost({ model: resolveModel('demo', env), signal });
  } catch (error) {
    return [failWith('engine', error, engineRemedy(error))];
  }
  const stop = () => void host.close();
  signal.addEventListener('abort', stop);
  try {
    const readyMs = Math.round(performance.now() - began);
    const detail = `ready in ${formatDuration(readyMs)} with the embedded model (${host.info.family})`;
    return [pass('engine', detail, { readyMs }), await checkPicture(host, signal)];
  } finally {
    signal.removeEventListener('abort', stop);
    await host.close();
  }
}

async function checkPicture(host: EngineHost, signal: AbortSignal): Promise<Finding> {
  const began = performance.now();
  const request = { prompt: 'a red apple on a blue background', seed: 1, steps: STEPS };
  try {
    const { images, used } = await host.generate(request, { signal });
    const { width, height } = used;
    const values = { width, height, steps: used.steps, pictureMs: Math.round(performance.now() - began) };
    const detail = `${width}×${height}, ${used.steps} steps, ${formatDuration(values.pictureMs)}`;
    return images.every(hasContrast)
      ? pass('picture', detail, values)
      : fail('picture', `${detail}, but it is blank`, 'the installation may be damaged: reinstall Easel', values);
  } catch (error) {
    return failWith('picture', error, engineRemedy(error));
  }
}

/** A broken computation produces a picture of one colour. */
function hasContrast({ data }: GeneratedImage): boolean {
  let [darkest, lightest] = [255, 0];
  for (const value of data) {
    darkest = Math.min(darkest, value);
    lightest = Math.max(lightest, value);
  }
  return lightest - darkest > 32;
}

export function engineRemedy(thrown: unknown): string {
  if (isEngineError(thrown) && (thrown.code === 'device_unavailable' || thrown.kind === 'invalid'))
    return thrown.remedy;
  return isEngineError(thrown) && thrown.kind === 'model'
    ? 'the embedded model is incomplete or damaged: reinstall Easel'
    : 'the inference runtime does not work here: EASEL_DEBUG=1 shows more';
}

/** By its name: `instanceof` would load the engine at every start of the command. */
export function isEngineError(thrown: unknown): thrown is EngineError {
  return thrown instanceof Error && thrown.name === 'EngineError' && 'kind' in thrown;
}
