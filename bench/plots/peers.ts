import { cases } from '../peers/engines.ts';
import type { Results, Row } from '../peers/report.ts';
import { barChart } from './svg.ts';

/** Seconds of every engine in every case, the fastest first; ours in one colour, the others' in another. */
export function peerChart({ machine, rows }: Results): string {
  const groups = Object.entries(rows).map(([name, engines]) => ({
    title: titleOf(name),
    bars: Object.entries(engines)
      .flatMap(([engine, row]) => {
        const seconds = bestOf(row);
        return seconds === undefined ? [] : [{ engine, seconds }];
      })
      .toSorted((a, b) => a.seconds - b.seconds)
      .map(({ engine, seconds }) => ({
        name: engine,
        value: seconds,
        text: seconds.toFixed(seconds < 10 ? 2 : 0),
        colour: engine.startsWith('easel') ? 0 : 4,
      })),
  }));
  const measured = groups.filter(({ bars }) => bars.length > 0);
  return barChart(`Seconds on ${machine.cpu}, ${machine.processors} processors; less is better`, measured);
}

/** @param row the name of a case, then threads and what the processor is held to: `unet-512, 2 threads, AVX2` */
function titleOf(row: string): string {
  const [name, ...held] = row.split(', ');
  const known = cases.find((each) => each.name === name);
  if (known === undefined) return row;
  const { kind, size, steps } = known;
  const what = kind === 'unet' ? `A pass of the UNet, ${size}×${size}` : `A picture, ${size}×${size}, ${steps} steps`;
  return [what, ...held].join(', ');
}

function bestOf({ rounds }: Row): number | undefined {
  const seconds = rounds.flatMap((round) => round.seconds);
  return seconds.length === 0 ? undefined : Math.min(...seconds);
}
