import { basename } from 'node:path';
import { parameterValues } from '@easel/contract/fields';
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
  const { steps, guidanceScale, scheduler, strength } = result.used;
  return {
    ...parameterValues({ ...flags, strength }),
    prompt: request.prompt,
    negativePrompt: request.negativePrompt ?? null,
    steps,
    scheduler,
    guidanceScale,
    seed: image.seed,
    width: image.width,
    height: image.height,
    model: modelName(info.path),
    easelVersion,
  };
}

/** The embedded model by its name, others by that of their folder or file, as is the custom in these texts. */
function modelName(path: string): string {
  return path === demoModelPath ? 'easel-demo' : basename(path).replace(/\.safetensors$/, '');
}
