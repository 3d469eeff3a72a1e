import type { ModelReport } from '@easel/engine';
import type { ModelLicence } from '@easel/models';

/** All that is known of a model, to be shown. */
export interface InspectedModel {
  /** As it was asked for. */
  readonly name: string;
  readonly report: ModelReport;
  readonly licence: ModelLicence | undefined;
}

/** The report for programs. */
export function inspectionAsJson({ name, report, licence }: InspectedModel): Record<string, unknown> {
  const { path, info, scheduler, problems } = report;
  return {
    name,
    path,
    loadable: problems.length === 0,
    licence: licence ?? null,
    family: info?.family ?? null,
    layout: info?.layout ?? null,
    configSource: info?.configSource ?? null,
    defaults: info?.defaults ?? null,
    scheduler: scheduler ?? null,
    components: info?.components ?? [],
    problems: problems.map(({ code, message, details }) => ({ code, message, ...details })),
  };
}
