import { barProgress } from './bar-progress.ts';
import { lineProgress } from './line-progress.ts';
import type { Progress } from './progress.ts';

const silence: Progress = { begin() {}, step() {}, above() {}, end() {} };

export interface ProgressWish {
  readonly quiet: boolean;
  readonly stream: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A bar on a terminal, lines in a file or pipe, nothing when nobody wants to be told. */
export function progressFor({ quiet, stream, env }: ProgressWish): Progress {
  if (quiet) return silence;
  return stream.isTTY && env.TERM !== 'dumb' ? barProgress(stream) : lineProgress((text) => stream.write(text));
}
