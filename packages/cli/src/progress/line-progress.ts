import { duration } from './duration.ts';
import type { Progress } from './progress.ts';

/** A line for every tenth of the way, so that a log stays readable whatever the number of steps. */
export function lineProgress(write: (text: string) => void): Progress {
  let tenths = 0;
  return {
    begin: (text) => write(`${text}\n`),
    step({ index, total, etaMs }) {
      const reached = Math.floor((index / total) * 10);
      if (reached <= tenths) return;
      tenths = reached;
      write(`step ${index} of ${total} (${Math.round((index / total) * 100)} %), about ${duration(etaMs)} left\n`);
    },
    above: write,
    end() {},
  };
}
