import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { CodedError } from '@easel/errors';
import type { InstalledModel, ModelLicence, PullLicence, PullPlan, PullProgress, Variant } from '@easel/models';
import { Command, Option } from 'commander';
import type { CommandContext, RunCommand } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { type Progress, showProgress } from '../progress.ts';
import { formatBytes, formatDuration, formatTable, printJson } from '../text.ts';

interface OutputFlags {
  readonly quiet?: boolean;
  readonly json?: boolean;
}

interface PullFlags extends OutputFlags {
  readonly variant?: Variant;
  readonly acceptLicense?: boolean;
  readonly check?: boolean;
  readonly dryRun?: boolean;
}

interface VerifyFlags extends OutputFlags {
  readonly picture?: boolean;
  readonly image?: string;
}

interface RemoveFlags extends OutputFlags {
  readonly yes?: boolean;
}

const NAME = 'a name of `easel list --available`, or owner/repo[@revision][:file]';

/**
 * `easel pull`, `list`, `verify`, `show` and `remove`: once as commands of their own, and once under `easel model`.
 */
export function modelCommands(run: RunCommand): Command[] {
  return [pullCommand(run), listCommand(run), showCommand(run), verifyCommand(run), removeCommand(run)];
}

function pullCommand(run: RunCommand): Command {
  return new Command('pull')
    .description(
      'Download a model from the Hugging Face Hub, check it, and put it into the cache that Python tools share.',
    )
    .argument('<name>', NAME)
    .addOption(
      new Option('--variant <precision>', 'the precision to download where there are both (default: fp16)').choices([
        'fp16',
        'fp32',
      ]),
    )
    .option('--accept-license', "accept the model's licence without being asked")
    .option('--check', 'check files that are there already, too, and download damaged ones again')
    .option('--dry-run', 'print what would be downloaded, with sizes and licence, and end')
    .option('-q, --quiet', 'no progress')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', pullHelp)
    .action((name: string, flags: PullFlags) => run((context) => pullModel(name, flags, context)));
}

const pullHelp = `
Examples:
  easel pull playground-v2.5
  easel pull segmind/SSD-1B@main
  easel pull ByteDance/SDXL-Lightning:sdxl_lightning_4step.safetensors

Variables, as for Python's huggingface_hub: HF_TOKEN, HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE; HTTPS_PROXY and NO_PROXY.
A download that was stopped goes on where it stopped.
`;

function listCommand(run: RunCommand): Command {
  return new Command('list')
    .description('List the models of this machine.')
    .option('--available', 'list the names that can be pulled instead')
    .option('--json', 'print the list as JSON')
    .action((flags: { available?: boolean; json?: boolean }) =>
      run((context) => (flags.available ? listAvailable(flags, context) : listInstalled(flags, context))),
    );
}

function showCommand(run: RunCommand): Command {
  return new Command('show')
    .description('Show a pulled model: files, sizes, licence, family, and where it is.')
    .argument('<name>', NAME)
    .option('--json', 'print it as JSON')
    .action((name: string, flags: OutputFlags) => run((context) => showModel(name, flags, context)));
}

function verifyCommand(run: RunCommand): Command {
  return new Command('verify')
    .description(
      'Read every file of a pulled model and compare its hash, or draw a picture whose pixels are published.',
    )
    .argument('<name>', `${NAME}; with --picture also a path`)
    .option(
      '--picture',
      'draw what a test of the reference implementation draws, and compare the pixels that it publishes',
    )
    .option('--image <file>', 'with --picture: the start image, where it is not to be downloaded')
    .option('-q, --quiet', 'no progress')
    .option('--json', 'print the result as JSON')
    .action((name: string, flags: VerifyFlags) =>
      run(async (context) => {
        if (!flags.picture && flags.image !== undefined) {
          throw new CodedError('usage', '--image needs --picture', { remedy: 'add --picture or leave --image out' });
        }
        if (!flags.picture) return verifyModel(name, flags, context);
        const { verifyPicture } = await import('./verify-picture.ts');
        return verifyPicture(name, flags, context);
      }),
    );
}

function removeCommand(run: RunCommand): Command {
  return new Command('remove')
    .description('Delete a pulled model. What another revision in the cache has, too, stays.')
    .argument('<name>', NAME)
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print the result as JSON')
    .action((name: string, flags: RemoveFlags) => run((context) => removeModel(name, flags, context)));
}

/** A download that is cut needs a moment to note what has arrived. */
const PATIENCE_MS = 10_000;

async function pullModel(name: string, flags: PullFlags, context: CommandContext): Promise<ExitStatus> {
  const { acceptLicence, planPull, runPull } = await import('@easel/models');
  const { env, interruption, stdout, stderr } = context;
  const { signal } = interruption;
  interruption.allow(PATIENCE_MS);
  const isTalking = !flags.json && !flags.quiet;
  let plan = await planPull({ name, variant: flags.variant }, { env, signal });
  if (isTalking) stderr.write(renderPlan(plan));
  if (flags.dryRun) {
    if (flags.json) printJson(context, planAsJson(plan, 'planned'));
    return exitStatus.ok;
  }
  if (plan.licence.needsAcceptance && !plan.licence.isAccepted) {
    if (!flags.acceptLicense && !(await askLicence(plan.licence, plan.reference.repo, context))) {
      stderr.write('nothing was downloaded\n');
      return exitStatus.failed;
    }
    await acceptLicence(plan.reference.repo, plan.licence, env);
    plan = { ...plan, licence: { ...plan.licence, isAccepted: true } };
  }
  const progress = showProgress(flags, context);
  try {
    const onWaiting = ({ pid, since }: { pid: number; since: string }) =>
      progress.begin(`waiting for process ${pid}, which works on ${plan.reference.repo} since ${since}`);
    await runPull(
      plan,
      { env, signal },
      { onProgress: reportProgress(progress, stderr.isTTY === true), onWaiting },
      flags.check,
    );
  } catch (thrown) {
    progress.end();
    if (!signal.aborted) throw thrown;
    throw new CodedError('stopped', `stopped; what has arrived is kept: easel pull ${name} goes on there`);
  } finally {
    progress.end();
  }
  if (flags.json) printJson(context, planAsJson(plan, 'pulled'));
  else stdout.write(`${plan.path}\n`);
  if (isTalking) stderr.write(`${usage(plan)}\n`);
  return exitStatus.ok;
}

/** How what was pulled is used. */
function usage({ name, form }: PullPlan): string {
  return form === 'folder'
    ? `use it with: easel generate --model ${name} "a red apple"`
    : `use it by its name: ${name}`;
}

function renderPlan({
  name,
  reference,
  commit,
  files,
  bytes,
  missingBytes,
  freeBytes,
  licence,
  path,
}: PullPlan): string {
  const size = missingBytes === bytes ? formatBytes(bytes) : `${formatBytes(missingBytes)} of ${formatBytes(bytes)}`;
  const state =
    missingBytes === 0 ? 'everything is there already' : `${size} to download, ${formatBytes(freeBytes)} are free`;
  const lines = [
    `${name}: ${files.length} files of ${reference.repo} at ${commit.slice(0, 12)}`,
    `  ${state}`,
    `  licence: ${licenceText(licence)}`,
    `  into ${path}`,
  ];
  return `${lines.join('\n')}\n`;
}

function licenceText({ name = 'none is named by the model card', link }: Partial<ModelLicence | PullLicence>): string {
  return link === undefined ? name : `${name} (${link})`;
}

function planAsJson(plan: PullPlan, state: string): Record<string, unknown> {
  const { name, reference, commit, form, files, bytes, missingBytes, freeBytes, licence, path } = plan;
  return { state, name, ...reference, commit, form, path, bytes, missingBytes, freeBytes, licence, files };
}

/** @throws CodedError `licence_not_accepted` where nobody can be asked */
async function askLicence({ name, link }: PullLicence, repo: string, context: CommandContext): Promise<boolean> {
  const { stdin, stderr } = context;
  const page = link ?? `https://huggingface.co/${repo}`;
  if (!stdin.isTTY || !stderr.isTTY) {
    throw new CodedError(
      'licence_not_accepted',
      `the licence ${name ?? ''} of ${repo} must be accepted, and there is no terminal to ask on`.replace('  ', ' '),
      {
        remedy: `read ${page}, then add --accept-license`,
      },
    );
  }
  return ask(`Read ${page}. Do you accept the licence ${name ?? 'of this model'}? [y/N] `, context);
}

async function ask(text: string, { stdin, stderr, interruption }: CommandContext): Promise<boolean> {
  // Not as a `terminal`, which would take Ctrl-C from us.
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  try {
    const question = lines.question(text, { signal: interruption.signal });
    const answer = await Promise.race([question, once(lines, 'close').then(() => '')]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

/** On a terminal the line is kept up to date; elsewhere there is a line for every tenth of the way. */
function reportProgress(progress: Progress, isTerminal: boolean): (progress: PullProgress) => void {
  let [tenths, shownMs] = [-1, 0];
  return ({ receivedBytes, totalBytes, bytesPerSecond }) => {
    const done = totalBytes === 0 ? 1 : receivedBytes / totalBytes;
    const now = performance.now();
    const reached = Math.floor(done * 10);
    if (isTerminal ? now - shownMs < 100 && done < 1 : reached === tenths) return;
    [tenths, shownMs] = [reached, now];
    const left = bytesPerSecond
      ? `, about ${formatDuration(((totalBytes - receivedBytes) / bytesPerSecond) * 1000)} left`
      : '';
    const speed = bytesPerSecond ? `, ${formatBytes(bytesPerSecond)}/s${left}` : '';
    progress.begin(`${Math.floor(done * 100)} % of ${formatBytes(totalBytes)}${done < 1 ? speed : ', checking'}`);
  };
}

async function listInstalled(flags: OutputFlags, context: CommandContext): Promise<ExitStatus> {
  const { folderModels, hubCache, installedModels } = await import('@easel/models');
  const { env, stdout } = context;
  const [installed, own] = [await installedModels(env), folderModels(env)];
  if (flags.json) {
    const models = installed.map(({ files, path, ...model }) => ({
      ...model,
      path: path ?? null,
      complete: path !== undefined,
      files: files.length,
    }));
    printJson(context, { cache: hubCache(env), models, folder: own });
    return exitStatus.ok;
  }
  const rows = [
    ...own.map(({ name, path }) => [name, '', path]),
    ...installed.map(({ name, bytes, path, repo, commit }) => [
      name,
      formatBytes(bytes),
      path === undefined ? `not complete: easel pull ${name}` : `${repo} at ${commit.slice(0, 12)}`,
    ]),
  ];
  stdout.write(formatTable([['NAME', 'SIZE', 'WHERE'], ...rows]));
  if (installed.length === 0)
    stdout.write('\nNo model was pulled yet: easel list --available shows the names, easel pull NAME downloads one.\n');
  return exitStatus.ok;
}

async function listAvailable(flags: OutputFlags, context: CommandContext): Promise<ExitStatus> {
  const { formatReference, knownModels } = await import('@easel/models');
  if (flags.json) {
    printJson(context, { models: knownModels.map(({ reference, ...model }) => ({ ...model, ...reference })) });
    return exitStatus.ok;
  }
  const rows = knownModels.map(({ name, title, bytes, licence, kind, reference }) => [
    name,
    kind,
    `about ${formatBytes(bytes.fp16 ?? 0)}`,
    licence.name,
    title,
    formatReference(reference),
  ]);
  context.stdout.write(formatTable([['NAME', 'IS A', 'SIZE', 'LICENCE', 'WHAT', 'FROM'], ...rows]));
  return exitStatus.ok;
}

async function showModel(name: string, flags: OutputFlags, context: CommandContext): Promise<ExitStatus> {
  const { findInstalled, knownModel, formatReference, readModelLicence } = await import('@easel/models');
  const known = knownModel(name);
  const model = await findInstalled(name, context.env).catch((thrown: unknown) => {
    if (known === undefined) throw thrown;
    return undefined;
  });
  if (model === undefined && known !== undefined) {
    const { title, reference, licence, bytes, family } = known;
    if (flags.json) printJson(context, { ...known, installed: false });
    else {
      const size = `about ${formatBytes(bytes.fp16 ?? 0)}`;
      context.stdout.write(
        `${known.name}: ${title}\n  family    ${family}\n  from      ${formatReference(reference)}, ${size}\n  licence   ${licenceText(licence)}\n\nnot on this machine: easel pull ${known.name}\n`,
      );
    }
    return exitStatus.ok;
  }
  if (model === undefined) throw new CodedError('internal', `${name} was neither found nor refused`);
  const licence = (await readModelLicence(model.path ?? '')) ?? known?.licence;
  const family = await familyOf(model, known?.family, context.env);
  const { path, repo, commit, refs, bytes, files } = model;
  if (flags.json) {
    printJson(context, {
      name: model.name,
      repo,
      commit,
      refs,
      path: path ?? null,
      complete: path !== undefined,
      bytes,
      licence: licence ?? null,
      family,
      files,
      installed: true,
    });
    return exitStatus.ok;
  }
  const rows = files.map((file) => [`  ${file.path}`, file.bytes === undefined ? 'missing' : formatBytes(file.bytes)]);
  context.stdout.write(
    [
      `${model.name}: ${family}\n`,
      `  path      ${path ?? `not complete: easel pull ${model.name} downloads the rest`}\n`,
      `  from      ${repo} at ${commit}${refs.length > 0 ? ` (${refs.join(', ')})` : ''}\n`,
      `  licence   ${licenceText(licence ?? {})}\n`,
      `  size      ${formatBytes(bytes)}\n\n`,
      formatTable([['  FILE', 'SIZE'], ...rows]),
    ].join(''),
  );
  return exitStatus.ok;
}

/** What the engine says that it is, from its files; of adapters and parts, what their names say. */
async function familyOf(
  { name, path }: InstalledModel,
  named: string | undefined,
  env: CommandContext['env'],
): Promise<string> {
  if (path === undefined) return named ?? 'unknown';
  const [{ inspectModel }, { familyOfPulled }] = await Promise.all([import('@easel/engine'), import('@easel/models')]);
  const own = familyOfPulled(name, env);
  const { info, problems } = await inspectModel(path, own && { family: own });
  return info?.family ?? named ?? problems[0]?.message ?? 'unknown';
}

async function verifyModel(name: string, flags: OutputFlags, context: CommandContext): Promise<ExitStatus> {
  const { findInstalled, verifyInstalled } = await import('@easel/models');
  const { env, interruption, stdout } = context;
  const model = await findInstalled(name, env);
  const progress = showProgress(flags, context);
  const files = await verifyInstalled(model, interruption.signal, ({ path, bytes = 0 }) =>
    progress.begin(`reading ${path} (${formatBytes(bytes)})`),
  ).finally(() => progress.end());
  const count = (state: string) => files.filter((file) => file.state === state).length;
  const isSound = files.every(({ state }) => state === 'intact' || state === 'unknown') && model.path !== undefined;
  if (flags.json) printJson(context, { name: model.name, path: model.path ?? null, sound: isSound, files });
  else {
    const bad = files.filter(({ state }) => state !== 'intact');
    for (const { path, state } of bad)
      stdout.write(
        `${state === 'unknown' ? '?' : '✗'} ${path}: ${state === 'unknown' ? 'nothing says what its hash must be' : state}\n`,
      );
    if (isSound) stdout.write(`✓ ${count('intact')} files are what the Hub lists\n`);
    else stdout.write(`easel pull --check ${model.name} downloads what is damaged or missing again\n`);
  }
  return isSound ? exitStatus.ok : exitStatus.model;
}

async function removeModel(name: string, flags: RemoveFlags, context: CommandContext): Promise<ExitStatus> {
  const { findInstalled, removeInstalled } = await import('@easel/models');
  const { env, interruption, stdin, stdout, stderr } = context;
  const model = await findInstalled(name, env);
  const { repo, commit, bytes } = model;
  if (!flags.yes) {
    if (!stdin.isTTY || !stderr.isTTY) {
      throw new CodedError(
        'usage',
        `${model.name} is not deleted without a question, and there is no terminal to ask on`,
        { remedy: 'add --yes' },
      );
    }
    if (
      !(await ask(`Delete ${model.name} (${repo} at ${commit.slice(0, 12)}, ${formatBytes(bytes)})? [y/N] `, context))
    ) {
      stderr.write('nothing was deleted\n');
      return exitStatus.failed;
    }
  }
  const freed = await removeInstalled(model, env, interruption.signal, ({ pid }) =>
    stderr.write(`waiting for process ${pid}, which works on ${repo}\n`),
  );
  if (flags.json) printJson(context, { name: model.name, repo, commit, freedBytes: freed });
  else stdout.write(`removed ${model.name}: ${formatBytes(freed)} are free again\n`);
  return exitStatus.ok;
}
