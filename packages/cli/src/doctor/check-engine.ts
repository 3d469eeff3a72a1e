import { createEngineHost, EngineError, type EngineHost, type GeneratedImage } from '@easel/engine';
import { resolveModel } from '@easel/models';
import { duration } from '../progress/duration.ts';
import { type Finding, failed, unwell, well } from './finding.ts';

/** Few: the picture need not be good, only a picture. */
const STEPS = 4;

/** Starts the engine in its process with the embedded model and makes a picture. */
export async function checkEngine(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const began = performance.now();
  let host: EngineHost;
  try {
    host = await createEngineHost({ model: resolveModel('demo', env), signal });
  } catch (error) {
    return [failed('engine', error, advice(error))];
  }
  const stop = () => void host.close();
  signal.addEventListener('abort', stop);
  try {
    const readyMs = Math.round(performance.now() - began);
    const detail = `ready in ${duration(readyMs)} with the embedded model (${host.info.family})`;
    const started = well('engine', detail, { readyMs });
    return [started, await checkPicture(host, signal)];
  } finally {
    signal.removeEventListener('abort', stop);
    await host.close();
  }
}

async function checkPicture(host: EngineHost, signal: AbortSignal): Promise<Finding> {
  const began = performance.now();
  try {
    const { images, used } = await host.generate(
      { prompt: 'a red apple on a blue background', seed: 1, steps: STEPS },
      { signal },
    );
    const { width, height } = used;
    const values = { width, height, steps: used.steps, pictureMs: Math.round(performance.now() - began) };
    const detail = `${width}×${height} in ${used.steps} steps: ${duration(values.pictureMs)}`;
    return images.every(hasContrast)
      ? well('picture', detail, values)
      : unwell('picture', `${detail}, but it is blank`, 'the installation may be damaged: install again', values);
  } catch (error) {
    return failed('picture', error, advice(error));
  }
}

/** A picture of one colour is what a broken computation ends in. */
function hasContrast({ data }: GeneratedImage): boolean {
  let [darkest, lightest] = [255, 0];
  for (const value of data) {
    darkest = Math.min(darkest, value);
    lightest = Math.max(lightest, value);
  }
  return lightest - darkest > 32;
}

function advice(error: unknown): string {
  const isModel = error instanceof EngineError && error.kind === 'model';
  return isModel
    ? 'the embedded model is incomplete or damaged: install again'
    : 'the inference runtime did not work here: EASEL_DEBUG=1 shows more';
}
