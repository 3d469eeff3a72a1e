import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { Card, CudaFiles, DeviceReport } from '@easel/engine';
import { CodedError } from '@easel/errors';
import { Argument, Command } from 'commander';
import type { CommandContext, RunCommand } from '../cli-context.ts';
import type { PinnedWheel } from '../device/cuda-packages.ts';
import type { CudaPlan, Remains, Removal } from '../device/install-cuda.ts';
import type { PackageIndex } from '../device/package-index.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { type Progress, showProgress } from '../progress.ts';
import { formatBytes, formatDuration, formatTable, printJson } from '../text.ts';
import { tellCards } from './doctor-memory.ts';

interface InstallFlags {
  readonly yes?: boolean;
  readonly acceptLicense?: boolean;
  readonly index?: string;
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** `easel device` @param packages what `install cuda` installs */
export function deviceCommand(run: RunCommand, packages: readonly PinnedWheel[]): Command {
  const list = new Command('list')
    .description('Try the devices of this machine, and say which can be used and what the others need.')
    .option('--json', 'print the list as JSON')
    .action((flags: { json?: boolean }) => run((context) => listDevices(flags, context)));
  const install = new Command('install')
    .description("Install NVIDIA's libraries for CUDA from the Python package index, for this user only. Linux x64.")
    .addArgument(installable())
    .option('-y, --yes', 'do not ask; this accepts the licences that --dry-run lists')
    .option('--accept-license', 'the same as --yes')
    .option('--index <url>', 'a package index (default: PIP_INDEX_URL, or https://pypi.org/simple)')
    .option('--dry-run', 'print what would be downloaded, with sizes and licences, and end')
    .option('-q, --quiet', 'no progress')
    .option('--json', 'print the result as JSON')
    .action((_device: string, flags: InstallFlags) => run((context) => installDevice(packages, flags, context)));
  const remove = new Command('remove')
    .description('Remove what `easel device install` has installed.')
    .addArgument(installable())
    .option('--json', 'print the result as JSON')
    .action((_device: string, flags: { json?: boolean }) => run((context) => removeDevice(flags, context)));
  return new Command('device')
    .description('Look at the devices that Easel can compute on, and install what CUDA needs.')
    .addCommand(list)
    .addCommand(install)
    .addCommand(remove);
}

/** All other devices need the driver of the card only. */
function installable(): Argument {
  return new Argument('<device>', 'cuda').choices(['cuda']);
}

/** Tries every device, in processes of their own, as `easel doctor` does. */
async function listDevices(flags: { json?: boolean }, context: CommandContext): Promise<ExitStatus> {
  const [{ cudaFiles, deviceKinds, findCards }, { leftBehind }, { tryDevices }] = await Promise.all([
    import('@easel/engine'),
    import('../device/install-cuda.ts'),
    import('./doctor-devices.ts'),
  ]);
  const { env, interruption, stdout } = context;
  const { name, title, requires } = deviceKinds.cpu;
  const cpu: DeviceReport = { name, title, isSupported: true, usable: true, requires, checks: [] };
  const cards = await findCards(interruption.signal);
  const devices = [cpu, ...(await tryDevices(flags, context))];
  const cudaLibraries = cudaFiles(env);
  const remains = await leftBehind(cudaLibraries.folder);
  if (flags.json) printJson(context, { devices, cards, cudaLibraries, remains });
  else {
    const here = devices.filter(({ isSupported }) => isSupported);
    const others = devices.filter(({ isSupported }) => !isSupported).map(({ title }) => title);
    stdout.write(here.map(describeDevice).join(''));
    if (others.length > 0) stdout.write(`  not on this platform: ${others.join(', ')}\n`);
    stdout.write(`\n${describeCards(cards)}${describeLibraries(cudaLibraries)}\n${describeRemains(remains)}`);
  }
  return exitStatus.ok;
}

function describeDevice({ name, title, usable, reason, remedy, speed }: DeviceReport): string {
  const speeds = speed && `, ${Math.round(speed.device)} GFLOP/s (CPU: ${Math.round(speed.cpu)})`;
  const line = `${usable ? '✓' : '✗'} ${name.padEnd(9)} ${title}${usable ? (speeds ?? '') : `: ${reason}`}\n`;
  return usable || remedy === undefined ? line : `${line}            ${remedy}\n`;
}

/** By the numbers with which they are chosen. */
function describeCards(cards: readonly Card[]): string {
  if (cards.length === 0) return '';
  return `Graphics cards, by the numbers of the server's setting cards: ${tellCards(cards).detail}\n`;
}

function describeRemains({ files, bytes }: Remains): string {
  if (files.length === 0) return '';
  return `${formatBytes(bytes)} of an installation that was cut off are left: easel device remove cuda removes them\n`;
}

function describeLibraries(files: CudaFiles): string {
  if (files.state === 'absent') return "NVIDIA's libraries for CUDA are not installed (easel device install cuda)";
  if (files.state === 'installed') return `NVIDIA's libraries for CUDA are installed in ${files.folder}`;
  return `NVIDIA's libraries for CUDA cannot be used: ${files.reason}\n  install them again: easel device install cuda`;
}

/** A download that is cut needs a moment to remove what it has written. */
const PATIENCE_MS = 10_000;

async function installDevice(
  packages: readonly PinnedWheel[],
  flags: InstallFlags,
  context: CommandContext,
): Promise<ExitStatus> {
  const [{ installCuda, isInstalled, planCuda, removeLeftBehind, requireSpace }, { packageIndex }] = await Promise.all([
    import('../device/install-cuda.ts'),
    import('../device/package-index.ts'),
  ]);
  const { env, interruption, stdout } = context;
  const index = packageIndex(flags.index, env);
  const planned = await planCuda(packages, env);
  // Before the free space is looked at, of which they may take gigabytes.
  const cleared = flags.dryRun ? undefined : await removeLeftBehind(planned.folder);
  const plan = cleared?.files.length ? await planCuda(packages, env) : planned;
  const report = (state: string) => {
    if (flags.json) printJson(context, planAsJson(plan, index, state));
    else stdout.write(`${describeState(state, plan)}\n`);
    return exitStatus.ok;
  };
  if (isInstalled(plan)) return report('already installed');
  if (!flags.json) stdout.write(renderPlan(plan, index) + (await renderDriverProblem()));
  if (flags.dryRun) return flags.json ? report('planned') : exitStatus.ok;
  requireSpace(plan);
  if (!(flags.yes || flags.acceptLicense) && !(await askConsent(context))) {
    context.stderr.write('nothing was installed\n');
    return exitStatus.failed;
  }
  (await import('@easel/models')).useProxies(env);
  interruption.allow(PATIENCE_MS);
  const progress = showProgress(flags, context);
  try {
    const { signal, atForcedExit } = interruption;
    const onProgress = reportProgress(plan, progress, context.stderr.isTTY === true);
    const done = await installCuda(plan, env, { index, signal, atForcedExit, onProgress });
    progress.end();
    return report(done ? 'installed' : 'already installed');
  } finally {
    progress.end();
  }
}

function describeState(state: string, { folder, installedBytes }: CudaPlan): string {
  return state === 'installed'
    ? `installed in ${folder} (${formatBytes(installedBytes)}): easel device list tells whether CUDA can be used`
    : `${state} in ${folder}`;
}

function planAsJson(plan: CudaPlan, { address }: PackageIndex, state: string): Record<string, unknown> {
  const { folder, packages, downloadBytes, installedBytes, neededBytes, freeBytes } = plan;
  return {
    state,
    folder,
    index: address.href,
    packages: packages.map(({ name, version, file, bytes, sha256, licence }) => {
      return { name, version, file, bytes, sha256, licence };
    }),
    downloadBytes,
    installedBytes,
    neededBytes,
    freeBytes,
  };
}

/** What people must know before they agree. */
function renderPlan(plan: CudaPlan, { address }: PackageIndex): string {
  const { folder, packages, downloadBytes, installedBytes, neededBytes, freeBytes, installed } = plan;
  const rows = packages.map(({ name, version, bytes, licence }) => [name, version, formatBytes(bytes), licence.name]);
  const licences = new Map(packages.map(({ licence }) => [licence.name, licence.address]));
  const lines = [
    ...(installed.state === 'unusable' ? [`Installed libraries are replaced: ${installed.reason}.`] : []),
    `From  ${address}`,
    `To    ${folder}`,
    `      ${formatBytes(downloadBytes)} to download, ${formatBytes(installedBytes)} on the disk, ` +
      `${formatBytes(neededBytes)} while installing; ${formatBytes(freeBytes)} are free`,
    '',
    formatTable([['package', 'version', 'download', 'licence'], ...rows]),
    'The licences, which apply to you once the libraries are installed (their texts are installed with them):',
    ...[...licences].map(([name, link]) => `  ${name}\n    ${link}`),
    '',
  ];
  return `${lines.join('\n')}\n`;
}

/** The libraries are of no use without the driver, which is better known before the download. */
async function renderDriverProblem(): Promise<string> {
  const { cudaDriverProblem } = await import('@easel/engine');
  const problem = cudaDriverProblem();
  return problem ? `CUDA cannot be used yet: ${problem.reason}.\n  ${problem.remedy}\n\n` : '';
}

/** @throws CodedError `usage` where nobody can be asked */
async function askConsent({ stdin, stderr, interruption }: CommandContext): Promise<boolean> {
  if (!stdin.isTTY || !stderr.isTTY) {
    throw new CodedError('usage', 'the licences must be accepted, and there is no terminal to ask on', {
      remedy: 'read them (--dry-run lists them), then add --yes',
    });
  }
  // Not as a `terminal`, which would take Ctrl-C from us.
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  try {
    const { signal } = interruption;
    const question = lines.question('Accept the licences, download and install? [y/N] ', { signal });
    const answer = await Promise.race([question, once(lines, 'close').then(() => '')]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

/** On a terminal the line is kept up to date; elsewhere there is a line for every tenth of the way. */
function reportProgress({ downloadBytes }: CudaPlan, progress: Progress, isTerminal: boolean) {
  const began = performance.now();
  let [tenths, shownMs] = [-1, 0];
  return ({ name, version }: PinnedWheel, bytes: number) => {
    const done = bytes / downloadBytes;
    const now = performance.now();
    const reached = Math.floor(done * 10);
    if (isTerminal ? now - shownMs < 100 && bytes < downloadBytes : reached === tenths) return;
    [tenths, shownMs] = [reached, now];
    const speed = bytes / (now - began);
    const rest = `${formatBytes(speed * 1000)}/s, about ${formatDuration((downloadBytes - bytes) / speed)} left`;
    const of = `${Math.floor(done * 100)} % of ${formatBytes(downloadBytes)} (${name} ${version})`;
    progress.begin(now - began < 1000 ? of : `${of}, ${rest}`); // the first moment tells nothing about the speed
  };
}

async function removeDevice(flags: { json?: boolean }, context: CommandContext): Promise<ExitStatus> {
  const { removeCuda } = await import('../device/install-cuda.ts');
  const result = await removeCuda(context.env);
  if (flags.json) printJson(context, result);
  else context.stdout.write(describeRemoval(result));
  return exitStatus.ok;
}

function describeRemoval({ folder, removed, remains }: Removal): string {
  const lines = [
    removed ? `removed ${folder}` : `nothing is installed in ${folder}`,
    ...(remains.files.length > 0
      ? [`removed ${formatBytes(remains.bytes)} that an installation which was cut off had left`]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}
