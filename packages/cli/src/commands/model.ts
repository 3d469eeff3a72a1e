import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { ComponentInfo, ModelReport, QuantizeProgress } from '@easel/engine';
import { CodedError } from '@easel/errors';
import type { ModelLicence } from '@easel/models';
import { Command, Option } from 'commander';
import type { CommandContext, RunCommand } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { type ModelFilesFlags, modelFiles, modelFilesOptions } from '../options.ts';
import { outputFailure } from '../output/folder.ts';
import { type Progress, showProgress } from '../progress.ts';
import { formatBytes, formatDuration, printJson } from '../text.ts';
import { modelCommands } from './models.ts';
import { verifyPrecisionCommand } from './verify-precision.ts';

/** A broken download can lack thousands of tensors; nobody reads them all. */
const MAX_PROBLEMS = 20;

interface InspectFlags extends ModelFilesFlags {
  readonly json?: boolean;
}

interface QuantizeFlags extends ModelFilesFlags {
  readonly output?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** A model as it is shown. */
interface InspectedModel {
  /** As it was given on the command line. */
  readonly name: string;
  readonly report: ModelReport;
  readonly licence: ModelLicence | undefined;
}

/** `easel model` */
export function modelCommand(run: RunCommand): Command {
  const inspect = new Command('inspect')
    .description('Show what a model is: parts, sizes, precision, defaults, licence, and what is missing or wrong.')
    .argument('<name|path>', 'a name, a diffusers folder or a .safetensors file')
    .option('--json', 'print the report as JSON')
    .action((nameOrPath: string, flags: InspectFlags) => run((context) => inspectModel(nameOrPath, flags, context)));
  const quantize = new Command('quantize')
    .description('Make the file that a large model needs for --profile int8 and fast: its weights as 8-bit integers.')
    .argument('<name|path>', 'a name, a diffusers folder or a .safetensors file')
    .addOption(new Option('-o, --output <file>', 'where to write it (default: beside the weights of the model)'))
    .option('-q, --quiet', 'no progress, no summary')
    .option('--json', 'print the result as JSON')
    .action((nameOrPath: string, flags: QuantizeFlags) => run((context) => quantizeModel(nameOrPath, flags, context)));
  for (const command of [inspect, quantize]) for (const option of modelFilesOptions()) command.addOption(option);
  const model = new Command('model')
    .description('Get models, look at them, and prepare them.')
    .addCommand(inspect)
    .addCommand(quantize)
    .addCommand(verifyPrecisionCommand(run));
  for (const command of modelCommands(run)) model.addCommand(command);
  return model;
}

/** Reads the headers of the files, not the weights. Ends with status 3 when the model could not be loaded. */
async function inspectModel(name: string, flags: InspectFlags, context: CommandContext): Promise<ExitStatus> {
  const [engine, { readModelLicence, ...models }] = await Promise.all([
    import('@easel/engine'),
    import('@easel/models'),
  ]);
  const path = models.resolveModel(name, context.env);
  const [report, licence] = await Promise.all([
    engine.inspectModel(path, modelFiles(flags, engine.familyNames, findersOf(models, name, context))),
    readModelLicence(path),
  ]);
  const model: InspectedModel = { name, report, licence };
  if (flags.json) printJson(context, inspectionAsJson(model));
  else context.stdout.write(renderInspection(model));
  return report.problems.length === 0 ? exitStatus.ok : exitStatus.model;
}

function findersOf(
  { resolvePart, familyOfPulled }: Pick<typeof import('@easel/models'), 'resolvePart' | 'familyOfPulled'>,
  name: string,
  { env }: CommandContext,
) {
  return {
    part: (part: string) => resolvePart(part, env),
    family: (unet: string | undefined) => familyOfPulled(unet ?? name, env),
  };
}

/** The tensor under way is finished before a signal is honoured, so that nothing is left behind: the largest takes a second or two. */
const PATIENCE_MS = 10_000;

/** Writes the name of the file (or the JSON) to standard output. */
async function quantizeModel(name: string, flags: QuantizeFlags, context: CommandContext): Promise<ExitStatus> {
  const [engine, models] = await Promise.all([import('@easel/engine'), import('@easel/models')]);
  const { output } = flags;
  if (output === '-')
    throw new CodedError('usage', '--output must be a file: it is read again, and used where it lies (got -)');
  const { interruption, stdout, stderr } = context;
  const path = models.resolveModel(name, context.env);
  interruption.allow(PATIENCE_MS);
  const progress = showProgress(flags, context);
  const began = performance.now();
  try {
    const result = await engine.quantizeModel(path, {
      ...(output !== undefined && { output }),
      ...modelFiles(flags, engine.familyNames, findersOf(models, name, context)),
      signal: interruption.signal,
      onProgress: reportProgress(progress, stderr.isTTY === true),
    });
    progress.end();
    const { file, bytes, sourceBytes, weights } = result;
    const commandMs = Math.round(performance.now() - began);
    if (flags.json) printJson(context, { ...result, timings: { commandMs } });
    else stdout.write(`${file}\n`);
    if (!flags.json && !flags.quiet) {
      const sizes = `${formatBytes(sourceBytes)} became ${formatBytes(bytes)}`;
      stderr.write(`${weights} weight matrices, ${sizes}, ${formatDuration(commandMs)}\n`);
    }
    return exitStatus.ok;
  } catch (error) {
    progress.end();
    if (error instanceof Error && 'syscall' in error)
      throw outputFailure(output === undefined ? folderOf(path) : dirname(output), error);
    throw error;
  }
}

/** Where a model's 8-bit weights are written by default: in its folder, or in that of its file. */
function folderOf(model: string): string {
  return statSync(model, { throwIfNoEntry: false })?.isDirectory() ? model : dirname(model);
}

/** On a terminal the line is kept up to date; elsewhere there is a line for every tenth of the way. */
function reportProgress(progress: Progress, isTerminal: boolean): (progress: QuantizeProgress) => void {
  const began = performance.now();
  let tenths = 0;
  return ({ doneBytes, totalBytes, part }) => {
    const done = doneBytes / totalBytes;
    const reached = Math.floor(done * 10);
    if (!isTerminal && reached === tenths) return;
    tenths = reached;
    const left = ((performance.now() - began) * (1 - done)) / done;
    const rest = doneBytes === totalBytes ? 'reading it back' : `about ${formatDuration(left)} left`;
    progress.begin(`${Math.floor(done * 100)} % of ${formatBytes(totalBytes)} (${part}), ${rest}`);
  };
}

/** The report for programs. */
function inspectionAsJson({ name, report, licence }: InspectedModel): Record<string, unknown> {
  const { path, info, scheduler, problems } = report;
  return {
    name,
    path,
    loadable: problems.length === 0,
    licence: licence ?? null,
    family: info?.family ?? null,
    familyName: info?.familyName ?? null,
    notices: info?.notices ?? [],
    layout: info?.layout ?? null,
    configSource: info?.configSource ?? null,
    defaults: info?.defaults ?? null,
    profiles: info?.profiles ?? [],
    scheduler: scheduler ?? null,
    components: info?.components ?? [],
    problems: problems.map(({ code, message, remedy, details }) => ({ code, message, remedy, ...details })),
  };
}

/** The report for people. */
function renderInspection({ name, report, licence }: InspectedModel): string {
  const { path, info, scheduler } = report;
  const facts: [label: string, text: string][] = [['path', path], ...(info ? describeLoading(info) : [])];
  if (scheduler) facts.push(['sampler', samplerText(scheduler)]);
  facts.push(['licence', licenceText(licence)]);
  for (const notice of licence?.attributions ?? []) facts.push(['', notice]);
  for (const notice of info?.notices ?? []) facts.push(['note', notice]);
  const lines = [
    info === undefined ? name : `${name}: ${info.family}`,
    ...facts.map(([label, text]) => `  ${label.padEnd(10)}${text}`),
    ...(info === undefined ? [] : ['', ...componentTable(info)]),
    '',
    ...verdict(report),
  ];
  return `${lines.join('\n')}\n`;
}

type ModelFacts = NonNullable<ModelReport['info']>;

function describeLoading({
  path,
  layout,
  configSource,
  familyName,
  defaults,
  profiles,
}: ModelFacts): [string, string][] {
  const { width, height, steps, guidanceScale, scheduler } = defaults;
  return [
    ['layout', `${layout === 'diffusers' ? 'diffusers folder' : 'single file'}, configured by ${configSource}`],
    ['family', familyName],
    ['defaults', `${width}×${height}, ${steps} steps of ${scheduler}, guidance ${guidanceScale}`],
    [
      'profiles',
      profiles.length > 1 ? profiles.join(', ') : `exact (int8 and fast after: easel model quantize ${path})`,
    ],
  ];
}

function samplerText(scheduler: NonNullable<ModelReport['scheduler']>): string {
  if (scheduler.kind === 'discrete') {
    const { algorithm, timestepSpacing, sigmaSchedule, predictionType } = scheduler;
    const levels = sigmaSchedule === undefined ? `${timestepSpacing} timesteps` : `${sigmaSchedule} sigmas`;
    return `${algorithm}; ${levels}; the network predicts ${predictionType}`;
  }
  const { algorithm, sigmaSchedule, sigmaMin, sigmaMax, solverOrder, solverType } = scheduler;
  const solver = algorithm === 'edm_dpmpp_2m' ? `, order ${solverOrder}, ${solverType}` : '';
  return `${algorithm}${solver}; ${sigmaSchedule} sigmas from ${sigmaMax} to ${sigmaMin}`;
}

function licenceText(licence: ModelLicence | undefined): string {
  if (licence === undefined)
    return 'unknown (no model card beside the weights names one): check where you downloaded it';
  return licence.link === undefined ? licence.name : `${licence.name} (${licence.link})`;
}

function componentTable({ components, path }: ModelFacts): string[] {
  const total = {
    name: 'total',
    parameters: sum(components, 'parameters'),
    bytes: sum(components, 'bytes'),
    precision: '',
  };
  const rows = components.map((component) =>
    row(component, component.files.map((file) => nameIn(path, component.name, file)).join(', ')),
  );
  return [row({ name: 'part', precision: 'precision' }, 'file'), ...rows, row(total, '')];
}

/** In the cache of the Hub a model's files are links to contents, which are called by their hashes: then by the name of the link. */
function nameIn(model: string, part: string, file: string): string {
  if (realpathSync(model) === file) return '(the file)';
  const name = relative(model, file);
  const folder = join(model, part);
  if (!name.startsWith('..') || !existsSync(folder)) return name;
  const entries = readdirSync(folder).filter((entry) => existsSync(join(folder, entry)));
  const own = entries.find((entry) => realpathSync(join(folder, entry)) === file);
  return own === undefined ? name : `${part}/${own}`;
}

function row(part: { name: string; parameters?: number; bytes?: number; precision: string }, files: string): string {
  const parameters = part.parameters === undefined ? 'parameters' : millions(part.parameters);
  const size = part.bytes === undefined ? 'size' : formatBytes(part.bytes);
  return `  ${part.name.padEnd(16)}${parameters.padStart(10)}${size.padStart(11)}  ${part.precision.padEnd(11)}${files}`.trimEnd();
}

function sum(components: readonly ComponentInfo[], field: 'parameters' | 'bytes'): number {
  return components.reduce((total, component) => total + component[field], 0);
}

function millions(parameters: number): string {
  return `${(parameters / 1e6).toFixed(parameters < 1e8 ? 2 : 0)} M`;
}

function verdict({ problems }: ModelReport): string[] {
  if (problems.length === 0) return ['✓ complete: it can be used'];
  const shown = problems.slice(0, MAX_PROBLEMS).map(({ message, remedy }) => `  ${message}; ${remedy}`);
  const more =
    problems.length > MAX_PROBLEMS ? [`  and ${problems.length - MAX_PROBLEMS} more (--json lists them all)`] : [];
  return [`✗ cannot be used: ${problems.length} problem${problems.length === 1 ? '' : 's'}`, ...shown, ...more];
}
