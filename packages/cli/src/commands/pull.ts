import { CodedError } from '@easel/errors';
import type { ModelLicence, PullLicence, PullPlan, PullProgress, Variant } from '@easel/models';
import { Command, Option } from 'commander';
import { ask } from '../ask.ts';
import type { CommandContext, RunCommand } from '../cli-context.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { type Progress, showProgress } from '../progress.ts';
import { formatBytes, formatDuration, printJson } from '../text.ts';

interface PullFlags {
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly variant?: Variant;
  readonly acceptLicense?: boolean;
  readonly check?: boolean;
  readonly dryRun?: boolean;
}

/** What the commands about models take. */
export const MODEL_NAME = 'a name of `easel list --available`, or owner/repo[@revision][:file]';

/** `easel pull` */
export function pullCommand(run: RunCommand): Command {
  return new Command('pull')
    .description(
      'Download a model from the Hugging Face Hub, check it, and put it into the cache that Python tools share.',
    )
    .argument('<name>', MODEL_NAME)
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
    throw new CodedError('stopped', `stopped; what has arrived is kept: easel pull ${name} resumes there`);
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

export function licenceText({
  name = 'none is named by the model card',
  link,
}: Partial<ModelLicence | PullLicence>): string {
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
