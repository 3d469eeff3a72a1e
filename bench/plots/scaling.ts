import { limitOf, type Measured, measuredOf, type Precision, precisions, type Results } from '../scaling/report.ts';
import type { Axis as MeasuredAxis, Row } from '../scaling/rows.ts';
import { type Axis, type LineChart, lineChart, type Series } from './svg.ts';

const COLOURS: Readonly<Record<Precision, number>> = { exact: 0, int8: 1 };

/** Time over pixels with the limit of the machine, memory over pixels, time over threads, and over steps and samples. */
export function scalingCharts(results: Results): Readonly<Record<string, string>> {
  const charts = {
    'performance-unet': overPixels(results, 'unet', 'A pass of the UNet'),
    'performance-vae': overPixels(results, 'vae', 'A decode of the VAE'),
    'performance-memory': memory(results),
    'performance-threads': overThreads(results),
    'performance-pictures': pictures(results),
  };
  const drawn = Object.entries(charts).filter(([, { series }]) => series.some(({ points }) => points.length > 1));
  return Object.fromEntries(drawn.map(([name, chart]) => [name, lineChart(chart)]));
}

function overPixels(results: Results, part: Row['part'], title: string): LineChart {
  const series = precisions.flatMap((precision) =>
    withLimit(results, measuredOf(results, 'pixels', precision, part), precision, pixelsOf),
  );
  const { machine, cores } = results;
  const where = `${machine.cpu}, ${cores} threads`;
  return {
    title: `${title}: ${where}`,
    x: sizes(results, part),
    y: { label: 'seconds', scale: 'log' },
    series,
  };
}

/** Seconds of the rows, and beside them the limit of the machine. */
function withLimit(
  results: Results,
  rows: readonly Measured[],
  precision: Precision,
  at: (row: Measured) => number,
): Series[] {
  const limits = rows.flatMap((row) => {
    const limit = limitOf(results, row);
    return limit === undefined ? [] : [[at(row), limit] as const];
  });
  const colour = COLOURS[precision];
  return [
    { name: precision, colour, points: rows.map((row) => [at(row), row.seconds]) },
    { name: `${precision}: arithmetic limit`, colour, dashed: true, points: limits },
  ];
}

function overThreads(results: Results): LineChart {
  const series = precisions.flatMap((precision) =>
    withLimit(results, measuredOf(results, 'threads', precision), precision, ({ threads }) => threads),
  );
  const counts = new Set(series.flatMap(({ points }) => points.map(([threads]) => threads)));
  const ticks = [...counts].map((threads) => ({ at: threads, text: `${threads}` }));
  return {
    title: 'A pass of the UNet at 512×512',
    x: { label: 'threads', scale: 'linear', ticks },
    y: { label: 'seconds', scale: 'log' },
    series,
  };
}

function memory(results: Results): LineChart {
  const series = precisions.flatMap((precision) =>
    (['unet', 'vae'] as const).map((part): Series => {
      const rows = measuredOf(results, 'pixels', precision, part);
      const colour = COLOURS[precision] + (part === 'vae' ? 2 : 0);
      return { name: `${part}, ${precision}`, colour, points: rows.map((row) => [pixelsOf(row), row.peakResident]) };
    }),
  );
  const y: Axis = { label: 'GB', scale: 'linear' };
  return { title: 'Peak resident memory, page cache included', x: sizes(results, 'unet'), y, series };
}

function pictures(results: Results): LineChart {
  const series = precisions.flatMap((precision): Series[] => {
    const over = (axis: MeasuredAxis, count: (row: Measured) => number) =>
      measuredOf(results, axis, precision).map((row) => [count(row), row.seconds] as const);
    return [
      { name: `${precision}: steps`, colour: COLOURS[precision], points: over('steps', ({ steps }) => steps) },
      {
        name: `${precision}: samples of a step`,
        colour: COLOURS[precision] + 2,
        points: over('samples', ({ samples }) => samples),
      },
    ];
  });
  const x: Axis = { label: 'steps, or samples', scale: 'linear' };
  return {
    title: 'Pictures of 512×512, with guidance',
    x,
    y: { label: 'seconds', scale: 'linear' },
    series,
  };
}

function sizes(results: Results, part: Row['part']): Axis {
  const rows = precisions.flatMap((precision) => measuredOf(results, 'pixels', precision, part));
  const ticks = [...new Set(rows.map(({ size }) => size))].map((size) => ({ at: size * size, text: `${size}²` }));
  return { label: 'pixels', scale: 'log', ticks };
}

function pixelsOf({ size }: Measured): number {
  return size * size;
}
