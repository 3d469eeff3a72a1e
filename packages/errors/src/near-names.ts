/** The most similar name, with at most a third of it different; undefined when there is none. */
export function nearMiss(written: string, names: readonly string[]): string | undefined {
  return nearNames(written, names)[0];
}

/** The names that are similar, with at most a third of each different, the most similar first. */
export function nearNames(written: string, names: readonly string[]): string[] {
  return names
    .map((name) => ({ name, distance: editDistance(written, name) }))
    .filter(({ name, distance }) => distance <= Math.max(1, name.length / 3))
    .sort((one, other) => one.distance - other.distance)
    .map(({ name }) => name);
}

/** Levenshtein distance with transpositions (optimal string alignment). */
function editDistance(one: string, other: string): number {
  let before: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      let least = Math.min(at(above, column) + 1, at(current, column - 1) + 1, at(above, column - 1) + (same ? 0 : 1));
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (row > 1 && column > 1 && isSwapped) least = Math.min(least, at(before, column - 2) + 1);
      current.push(least);
    }
    before = above;
    above = current;
  }
  return at(above, other.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
