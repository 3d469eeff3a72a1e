/**
 * The weights w that minimise |X·w − y|², by the normal equations and Gaussian elimination with a pinch of ridge, which
 * keeps a constant input from making them singular.
 *
 * @param inputs X, rows of equal length
 */
export function fitAffine(inputs: readonly (readonly number[])[], targets: readonly number[]): number[] {
  const size = inputs[0]?.length ?? 0;
  const system = Array.from({ length: size }, (_, row) =>
    Array.from({ length: size + 1 }, (_, column) => (row === column ? 1e-6 * inputs.length : 0)),
  );
  inputs.forEach((input, sample) => {
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) system[row][column] += input[row] * input[column];
      system[row][size] += input[row] * targets[sample];
    }
  });
  return solve(system);
}

/** Gauss–Jordan with partial pivoting on [A | b]. */
function solve(system: number[][]): number[] {
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
