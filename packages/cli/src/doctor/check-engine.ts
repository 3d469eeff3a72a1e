import { createEngineHost, EngineError, type EngineHost, type GeneratedImage } from '@easel/engine';
import { resolveModel } from '@easel/models';
import { duration } from '../progress/duration.ts';
import { type Finding, failed, unwell, well } from './finding.ts';

/** Few: the picture need not be good, only a picture. */
const steps = 4;

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
    const started = well(
      'engine',
      `ready in ${duration(performance.now() - began)} with the embedded model (${host.info.family})`,
    );
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
      { prompt: 'a red apple on a blue background', seed: 1, steps },
      { signal },
    );
    const took = duration(performance.now() - began);
    const detail = `${used.width}×${used.height} in ${used.steps} steps: ${took}`;
    return images.every(hasContrast)
      ? well('picture', detail)
      : unwell('picture', `${detail}, but it is blank`, 'the installation may be damaged: install again');
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
