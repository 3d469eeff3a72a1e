const { floor, fround, round } = Math;

/** `torch.linspace` in float32: each half counts from its own end, with a single rounding per multiply-add. */
export function linspaceFloat32(start: number, end: number, count: number): Float32Array {
  const first = fround(start);
  const last = fround(end);
  const step = fround(fround(last - first) / (count - 1));
  return Float32Array.from({ length: count }, (_, i) => {
    if (count === 1) return first;
    return i < floor(count / 2) ? first + i * step : last - (count - 1 - i) * step;
  });
}

/** `numpy.linspace` in double: a single value is the start. */
export function linspace(start: number, end: number, count: number): number[] {
  if (count === 1) return [start];
  const step = (end - start) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? end : i * step + start));
}

/** `numpy.arange(start, 0, -stride)`: counted from the first two values, so that it rounds as NumPy does. */
export function countdown(start: number, stride: number): number[] {
  const step = start - stride - start;
  return Array.from({ length: Math.ceil(start / stride) }, (_, i) => start + i * step);
}

/** To the nearest whole number, halves to the even one, as NumPy and IEEE 754 do. */
export function roundToEven(value: number): number {
  return Math.abs(value % 1) === 0.5 ? 2 * round(value / 2) : round(value);
}

/** The value at a fractional position of a table, linear between its neighbours and constant beyond the ends. */
export function interpolate(table: ArrayLike<number>, position: number): number {
  if (position >= table.length - 1) return table[table.length - 1];
  const below = Math.max(floor(position), 0);
  return table[below] + (table[below + 1] - table[below]) * Math.max(position - below, 0);
}

/** The solution of A·w = b by Gauss–Jordan with partial pivoting. @param system the rows [A | b], which are overwritten */
export function solveLinear(system: number[][]): number[] {
  const size = system.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(system[row][column]) > Math.abs(system[pivot][column])) pivot = row;
    }
    [system[column], system[pivot]] = [system[pivot], system[column]];
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = system[row][column] / system[column][column];
      for (let k = column; k <= size; k++) system[row][k] -= factor * system[column][k];
    }
  }
  return system.map((row, index) => row[size] / row[index]);
}
