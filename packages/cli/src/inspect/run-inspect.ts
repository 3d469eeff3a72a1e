import { inspectModel } from '@easel/engine';
import { readModelLicence, resolveModel } from '@easel/models';
import type { CliContext } from '../cli-context.ts';
import type { InspectFlags } from '../commands/model-inspect.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { type InspectedModel, inspectionAsJson } from './inspection-json.ts';
import { renderInspection } from './render-inspection.ts';

/** `easel model inspect`: reads the files' headers, not the weights. Ends with status 3 when the model could not be loaded. */
export async function runInspect(name: string, flags: InspectFlags, { env, stdout }: CliContext): Promise<ExitStatus> {
  const path = resolveModel(name, env);
  const { modelConfig, variant } = flags;
  const [report, licence] = await Promise.all([
    inspectModel(path, {
      ...(modelConfig !== undefined && { config: modelConfig }),
      ...(variant !== undefined && { variant }),
    }),
    readModelLicence(path),
  ]);
  const model: InspectedModel = { name, report, licence };
  stdout.write(flags.json ? `${JSON.stringify(inspectionAsJson(model), null, 2)}\n` : renderInspection(model));
  return report.problems.length === 0 ? exitStatus.ok : exitStatus.model;
}
