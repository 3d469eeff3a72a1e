import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { layersOver } from '../components/network.ts';
import { EngineError } from '../errors.ts';
import { eachNetwork, type NetworkPlan, type SdxlConfigs } from '../families/sdxl-architecture.ts';
import { defaultTarget } from '../runtime/variant.ts';

/**
 * Every missing or unsuitable tensor, found by building every graph: only the graphs know which
 * tensors are needed.
 */
export function findTensorProblems(checkpoint: Checkpoint, configs: SdxlConfigs): EngineError[] {
  const problems = new Map<string, EngineError>();
  eachNetwork(configs, <Shape extends object>({ part, build, smallest }: NetworkPlan<Shape>) => {
    const collect = (problem: EngineError) => {
      problems.set(`${part}/${problem.details.tensor}`, inPart(part, problem));
    };
    build(smallest, layersOver(checkpoint.components[part].tensors, defaultTarget.device, '/', { onProblem: collect }));
  });
  return [...problems.values()];
}

/** @throws EngineError the first problem, with the number of the others */
export function checkTensors(checkpoint: Checkpoint, configs: SdxlConfigs): void {
  const [first, ...others] = findTensorProblems(checkpoint, configs);
  if (!first) return;
  const more = others.length > 0 ? ` (and ${others.length} more tensors like it)` : '';
  throw new EngineError(first.code, `${first.message}${more}`, first);
}

function inPart(part: string, problem: EngineError): EngineError {
  return new EngineError(problem.code, `${part}: ${problem.message}`, problem);
}
