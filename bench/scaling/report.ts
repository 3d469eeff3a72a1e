import type { Operations } from '../../packages/engine/src/components/operations.ts';
import { allOperations } from '../../packages/engine/src/components/operations.ts';
import { type Machine, machineInWords } from '../support/results-file.ts';
import { PRODUCT_OPERATIONS } from './product.ts';
import { type Axis, nameOf, type Row, rowsOf } from './rows.ts';

export interface Results {
  readonly machine: Machine;
  readonly node: string;
  /** Threads that the engine would choose. */
  readonly cores: number;
  /** By `nameOf`. */
  readonly rows: Record<string, Measured>;
}

export interface Measured extends Row {
  /** The best run; of several processes the slowest one's. */
  readonly seconds: number;
  readonly first: number;
  readonly ready: number;
  /** GB, of all processes together. */
  readonly peakAnonymous: number;
  /** GB, of one process, page cache included. */
  readonly peakResident: number;
  /** Of a pass. */
  readonly operations?: Operations | undefined;
  readonly load: number;
  readonly at: string;
}

export type Precision = Row['precision'];

export const precisions: readonly Precision[] = ['exact', 'int8'];

/** The measured rows of an axis. */
export function measuredOf(results: Results, axis: Axis, precision: Precision, part?: Row['part']): Measured[] {
  return rowsOf(axis, results.cores).flatMap((row) => {
    const measured = results.rows[nameOf(row)];
    const isWanted = row.precision === precision && (part === undefined || row.part === part);
    return measured !== undefined && isWanted ? [measured] : [];
  });
}

/** Operations a second of one large product. */
function productRate(results: Results, precision: Precision, threads: number): number | undefined {
  const product = measuredOf(results, 'limit', precision).find((row) => row.threads === threads);
  return product && PRODUCT_OPERATIONS / product.seconds;
}

/** Seconds of a pass if all its multiplications ran at the rate of a large product: in `int8` those that are not in 8 bits at float32's. */
export function limitOf(results: Results, { operations, precision, threads, processes }: Measured): number | undefined {
  const float = productRate(results, 'exact', threads * processes);
  const own = productRate(results, precision, threads * processes);
  if (operations === undefined || float === undefined || own === undefined) return undefined;
  const fast = operations.linear + operations.conv;
  return fast / own + (allOperations(operations) - fast) / float;
}

export function markdown(results: Results): string {
  const { machine, node, cores } = results;
  const passes = (part: 'unet' | 'vae') => pixelTable(results, part);
  return [
    `${machineInWords(machine)}, Node ${node}; ${cores} threads unless it says otherwise. Made by \`npm run bench:scaling\`.`,
    ...section('The limit: one large product, GFLOP/s', limitTable(results)),
    ...section('A pass of the UNet over pixels', passes('unet')),
    ...section('A decode of the VAE over pixels', passes('vae')),
    ...section('A pass of the UNet at 512×512 over threads', threadTable(results)),
    ...section('Passes a minute at 512×512: processes against threads', processTable(results)),
    ...section('Pictures of 512×512 over steps and samples, with guidance', pictureTable(results)),
  ].join('\n');
}

/** Nothing of what was not measured. */
function section(title: string, table: readonly string[]): string[] {
  if (table.length <= 2) return [];
  return ['', `**${title}**`, '', ...table];
}

function table(head: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string[] {
  const line = (cells: readonly (string | number | undefined)[]) =>
    `| ${cells.map((cell) => (typeof cell === 'number' ? figure(cell) : (cell ?? ''))).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}

function figure(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

function limitTable(results: Results): string[] {
  const rows = measuredOf(results, 'limit', 'exact').map(({ threads }) => {
    const rate = (precision: Precision) => (productRate(results, precision, threads) ?? 0) / 1e9;
    return [`${threads}`, rate('exact'), rate('int8')];
  });
  return table(['threads', 'float32', 'u8 × s8'], rows);
}

function pixelTable(results: Results, part: 'unet' | 'vae'): string[] {
  const rows = precisions.flatMap((precision) =>
    measuredOf(results, 'pixels', precision, part).map((row) => {
      const limit = limitOf(results, row);
      const share = limit && `${Math.round((100 * limit) / row.seconds)} %`;
      const teraflops = row.operations && allOperations(row.operations) / 1e12;
      const memory = [row.peakAnonymous, row.peakResident];
      return [`${row.size}×${row.size}`, precision, teraflops, row.seconds, limit, share, ...memory];
    }),
  );
  return table(['size', 'precision', 'TFLOP', 's', 'limit, s', 'of the limit', 'anonymous, GB', 'peak, GB'], rows);
}

function threadTable(results: Results): string[] {
  const rows = precisions.flatMap((precision) => {
    const measured = measuredOf(results, 'threads', precision);
    return measured.map((row) => {
      const gain = (measured[0]?.seconds ?? row.seconds) / row.seconds;
      return [`${row.threads}`, precision, row.seconds, gain, limitOf(results, row)];
    });
  });
  return table(['threads', 'precision', 's', '× one thread', 'limit, s'], rows);
}

function processTable(results: Results): string[] {
  const rows = precisions.flatMap((precision) =>
    measuredOf(results, 'processes', precision).map((row) => {
      const memory = [row.peakAnonymous, row.peakResident];
      return [
        `${row.processes} × ${row.threads}`,
        precision,
        row.seconds,
        (60 * row.processes) / row.seconds,
        ...memory,
      ];
    }),
  );
  const head = [
    'processes × threads',
    'precision',
    's a pass',
    'passes a minute',
    'anonymous, all, GB',
    'peak of one, GB',
  ];
  return table(head, rows);
}

function pictureTable(results: Results): string[] {
  const rows = precisions.flatMap((precision) =>
    [...measuredOf(results, 'steps', precision), ...measuredOf(results, 'samples', precision).slice(1)].map((row) => {
      return [`${row.steps}`, `${row.samples}`, precision, row.seconds, row.peakAnonymous, row.peakResident];
    }),
  );
  return table(['steps', 'samples', 'precision', 's', 'anonymous, GB', 'peak, GB'], rows);
}
