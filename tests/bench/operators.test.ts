import { expect, test } from 'vitest';
import { nodesOfFastestRun, summary } from '../../bench/operators/summary.ts';

const node = (operator: string, ts: number, dur: number, ...shapes: readonly (readonly number[])[]) => ({
  cat: 'Node',
  name: `${operator}_${ts}_kernel_time`,
  ts,
  dur,
  args: { op_name: operator, input_type_shape: shapes.map((shape) => ({ float: shape })) },
});

/** Two runs, of which the second takes less. */
const events = [
  { cat: 'Session', name: 'model_loading_array', ts: 0, dur: 5 },
  { cat: 'Session', name: 'model_run', ts: 100, dur: 90 },
  node('Gemm', 110, 70, [4, 8], [8, 8]),
  { cat: 'Session', name: 'model_run', ts: 200, dur: 50 },
  node('Gemm', 205, 20, [4, 8], [8, 8], [8]),
  node('Gemm', 230, 6, [4, 8], [8, 2], [2]),
  node('Add', 240, 4, [4, 8], [4, 8]),
  { cat: 'Node', name: 'Add_240_fence_before', ts: 240, dur: 1 },
];

test('the operators of the fastest run are summed, the longest first', () => {
  const { total, operators, heaviest } = summary(nodesOfFastestRun(events), 2);
  expect(total).toBe(30);
  expect(operators).toEqual([
    { operator: 'Gemm', count: 2, microseconds: 26 },
    { operator: 'Add', count: 1, microseconds: 4 },
  ]);
  expect(heaviest).toEqual([
    { operator: 'Gemm', shapes: '4×8 8×8', count: 1, microseconds: 20 },
    { operator: 'Gemm', shapes: '4×8 8×2', count: 1, microseconds: 6 },
  ]);
});

test('a profile without a run is an error, not a table of zeros', () => {
  expect(() => nodesOfFastestRun(events.slice(0, 1))).toThrow('no run');
});
