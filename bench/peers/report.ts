import { type Machine, machineInWords } from '../support/results-file.ts';
import type { Round } from '../support/timed-process.ts';

export interface Results {
  readonly machine: Machine;
  readonly node: string;
  /** By case and threads, then by engine. */
  readonly rows: Record<string, Record<string, Row>>;
}

export interface Row {
  readonly rounds: (Round & { readonly load: number; readonly at: string })[];
  failure?: string;
}

/** The best run of every engine, and how many times as long as the first of the case each takes. */
export function markdown({ machine, node, rows }: Results): string {
  const lines = [`${machineInWords(machine)}, Node ${node}.`];
  for (const [name, engines] of Object.entries(rows)) {
    lines.push(
      '',
      `**${name}**`,
      '',
      '| engine | s | × ours exact | first run, s | ready, s | anonymous, GB | peak, GB | load |',
    );
    lines.push('|---|---|---|---|---|---|---|---|');
    const exact = best(engines['easel exact']);
    for (const [engine, row] of Object.entries(engines)) {
      const seconds = best(row);
      if (seconds === undefined) {
        lines.push(`| ${engine} | not measured: ${(row.failure ?? 'not run').split('\n')[0]} | | | | | | |`);
        continue;
      }
      const least = (value: (round: Row['rounds'][number]) => number) => Math.min(...row.rounds.map(value));
      const most = (value: (round: Row['rounds'][number]) => number) => Math.max(...row.rounds.map(value));
      const ratio = exact === undefined ? '' : (seconds / exact).toFixed(2);
      const figures = [
        least((r) => r.first),
        least((r) => r.ready),
        most((r) => r.peakAnonymous),
        most((r) => r.peakResident),
      ];
      const shown = figures.map((figure) => figure.toFixed(figure < 10 ? 2 : 1));
      lines.push(`| ${[engine, seconds.toFixed(2), ratio, ...shown, most((r) => r.load).toFixed(1)].join(' | ')} |`);
    }
  }
  return lines.join('\n');
}

function best(row: Row | undefined): number | undefined {
  const all = row?.rounds.flatMap(({ seconds }) => seconds) ?? [];
  return all.length === 0 ? undefined : Math.min(...all);
}
