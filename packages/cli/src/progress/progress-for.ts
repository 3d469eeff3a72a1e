import type { CliContext } from '../cli-context.ts';
import type { Interruption } from '../interruption.ts';
import { barProgress } from './bar-progress.ts';
import { lineProgress } from './line-progress.ts';
import type { Progress } from './progress.ts';

const silence: Progress = { begin() {}, step() {}, above() {}, end() {} };

/**
 * The progress of a command: a bar on a terminal, lines in a file or pipe, nothing with `--quiet` or `--json`. The terminal is put in
 * order should the process have to end at once.
 */
export function progressOf(
  { quiet, json }: { readonly quiet?: boolean; readonly json?: boolean },
  { stderr, env }: CliContext,
  { atForcedExit }: Interruption,
): Progress {
  if (quiet || json) return silence;
  const progress =
    stderr.isTTY && env.TERM !== 'dumb' ? barProgress(stderr) : lineProgress((text) => stderr.write(text));
  atForcedExit(() => progress.end());
  return progress;
}
