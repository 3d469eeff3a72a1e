import { CodedError } from '@easel/errors';
import type { InstalledModel } from '@easel/models';
import { Command } from 'commander';
import { ask } from '../ask.ts';
import type { CommandContext, RunCommand } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { showProgress } from '../progress.ts';
import { formatBytes, formatTable, printJson } from '../text.ts';
import { licenceText, MODEL_NAME, pullCommand } from './pull.ts';

interface OutputFlags {
  readonly quiet?: boolean;
  readonly json?: boolean;
}

interface VerifyFlags extends OutputFlags {
  readonly picture?: boolean;
  readonly image?: string;
}

interface RemoveFlags extends OutputFlags {
  readonly yes?: boolean;
}

/**
 * `easel pull`, `list`, `verify`, `show` and `remove`: once as commands of their own, and once under `easel model`.
 */
export function modelCommands(run: RunCommand): Command[] {
  return [pullCommand(run), listCommand(run), showCommand(run), verifyCommand(run), removeCommand(run)];
}

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
    .argument('<name>', MODEL_NAME)
    .option('--json', 'print it as JSON')
    .action((name: string, flags: OutputFlags) => run((context) => showModel(name, flags, context)));
}

function verifyCommand(run: RunCommand): Command {
  return new Command('verify')
    .description(
      'Read every file of a pulled model and compare its hash, or draw a picture whose pixels are published.',
    )
    .argument('<name>', `${MODEL_NAME}; with --picture also a path`)
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
    .argument('<name>', MODEL_NAME)
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print the result as JSON')
    .action((name: string, flags: RemoveFlags) => run((context) => removeModel(name, flags, context)));
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
  const { findInstalled, folderModel, knownModel, formatReference, readModelLicence } = await import('@easel/models');
  const own = folderModel(name, context.env);
  if (own !== undefined) return showFolderModel(own, flags, context);
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

/** One that was not pulled. */
async function showFolderModel(
  { name, path }: { readonly name: string; readonly path: string },
  flags: OutputFlags,
  context: CommandContext,
): Promise<ExitStatus> {
  const [{ inspectModel }, { readModelLicence }] = await Promise.all([
    import('@easel/engine'),
    import('@easel/models'),
  ]);
  const { info, problems } = await inspectModel(path);
  const licence = await readModelLicence(path);
  const family = info?.family ?? problems[0]?.message ?? 'unknown';
  const bytes = info?.components.reduce((sum, component) => sum + component.bytes, 0);
  if (flags.json)
    printJson(context, { name, path, bytes: bytes ?? null, licence: licence ?? null, family, installed: true });
  else {
    const size = bytes === undefined ? '' : `  weights   ${formatBytes(bytes)}\n`;
    context.stdout.write(
      `${name}: ${family}\n  path      ${path}\n  licence   ${licenceText(licence ?? {})}\n${size}\neasel model inspect ${name} shows more\n`,
    );
  }
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
