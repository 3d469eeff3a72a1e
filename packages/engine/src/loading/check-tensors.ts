import { EngineError } from '../errors.ts';
import type { BoundGraph, WeightsOf } from '../graphs/bound-graph.ts';
import { buildClipText } from '../graphs/clip-text.ts';
import { buildUNet } from '../graphs/unet.ts';
import { buildVaeDecoder, buildVaeEncoder } from '../graphs/vae.ts';
import { WeightBinder } from '../graphs/weight-binder.ts';
import type { Checkpoint, ComponentName } from '../weights/checkpoint.ts';
import type { ComponentConfigs } from './component-configs.ts';

/** The smallest shapes will do: only the weights are looked at. */
const PIXELS = { batch: 1, height: 8, width: 8 };

/**
 * Everything that is missing or does not fit, by building every graph: the graphs are the one place that knows which
 * tensors there must be.
 */
export function findTensorProblems(checkpoint: Checkpoint, { clips, unet, vae }: ComponentConfigs): EngineError[] {
  const problems = new Map<string, EngineError>();
  const check = (component: ComponentName, build: (weightsOf: WeightsOf) => BoundGraph) => {
    const collect = (problem: EngineError) => {
      problems.set(`${component}/${problem.details.tensor}`, inComponent(component, problem));
    };
    build((graph) => new WeightBinder(graph, checkpoint.components[component].tensors, '/', collect));
  };
  check('text_encoder', (of) => buildClipText(clips[0], of));
  check('text_encoder_2', (of) => buildClipText(clips[1], of));
  check('unet', (of) => buildUNet(unet, { ...PIXELS, tokens: clips[0].positions }, of));
  check('vae', (of) => buildVaeDecoder(vae, PIXELS, of));
  check('vae', (of) => buildVaeEncoder(vae, PIXELS, of));
  return [...problems.values()];
}

/** @throws EngineError the first problem, with the number of the others */
export function checkTensors(checkpoint: Checkpoint, configs: ComponentConfigs): void {
  const [first, ...others] = findTensorProblems(checkpoint, configs);
  if (!first) return;
  const more = others.length > 0 ? ` (and ${others.length} more tensors like it)` : '';
  throw new EngineError(first.code, `${first.message}${more}`, { details: first.details });
}

function inComponent(component: ComponentName, problem: EngineError): EngineError {
  return new EngineError(problem.code, `${component}: ${problem.message}`, { details: problem.details });
}
