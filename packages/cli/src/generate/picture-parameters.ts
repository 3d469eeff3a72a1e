import { basename } from 'node:path';
import type { GeneratedImage, GenerationParameters } from '@easel/engine';
import { demoModelPath } from '@easel/models';
import type { MadePictures } from './make-pictures.ts';
import type { PreparedRun } from './prepare-run.ts';

/** What is kept in the picture's file of how it was made: enough to make it again. */
export function pictureParameters(
  { flags, request }: PreparedRun,
  { info, result }: MadePictures,
  image: GeneratedImage,
  easelVersion: string,
): GenerationParameters {
  const { prompt2, negativePrompt2, sigmaSchedule, solverOrder, solverType, guidanceRescale } = flags;
  const { steps, guidanceScale, scheduler, strength } = result.used;
  return {
    prompt: request.prompt,
    negativePrompt: request.negativePrompt ?? null,
    ...(prompt2 !== undefined && { prompt2 }),
    ...(negativePrompt2 !== undefined && { negativePrompt2 }),
    steps,
    scheduler,
    ...(sigmaSchedule !== undefined && { sigmaSchedule }),
    ...(solverOrder !== undefined && { solverOrder }),
    ...(solverType !== undefined && { solverType }),
    guidanceScale,
    ...(guidanceRescale !== undefined && { guidanceRescale }),
    seed: image.seed,
    width: image.width,
    height: image.height,
    model: modelName(info.path),
    ...(strength !== undefined && { strength }),
    easelVersion,
  };
}

/** The embedded model by its name, others by that of their folder or file, as is the custom in these texts. */
function modelName(path: string): string {
  return path === demoModelPath ? 'easel-demo' : basename(path).replace(/\.safetensors$/, '');
}
