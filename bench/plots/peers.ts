import type { Results, Row } from '../peers/report.ts';
import { barChart } from './svg.ts';

/** Seconds of every engine in every case; ours in one colour, the others' in another. */
export function peerCharts({ machine, rows }: Results): Readonly<Record<string, string>> {
  const groups = Object.entries(rows).map(([title, engines]) => ({
    title: `${title}, seconds`,
    bars: Object.entries(engines).flatMap(([name, row]) => {
      const seconds = bestOf(row);
      if (seconds === undefined) return [];
      return [
        { name, value: seconds, text: seconds.toFixed(seconds < 10 ? 2 : 0), colour: name.startsWith('easel') ? 0 : 4 },
      ];
    }),
  }));
  const measured = groups.filter(({ bars }) => bars.length > 0);
  return {
    'performance-peers': barChart(
      `Seconds on ${machine.cpu}, ${machine.processors} processors; less is better`,
      measured,
    ),
  };
}

function bestOf({ rounds }: Row): number | undefined {
  const seconds = rounds.flatMap((round) => round.seconds);
  return seconds.length === 0 ? undefined : Math.min(...seconds);
}
