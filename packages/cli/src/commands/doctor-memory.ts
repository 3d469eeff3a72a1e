import type { Card, MemoryEstimate, PrecisionMemory } from '@easel/engine';
import type { Told } from './doctor-compute.ts';

const outcomes = {
  fits: '',
  rereads: ', less than it needs: each pass reads weights from the disk again',
  fails: ', too little: the system would end the process',
} as const satisfies Record<PrecisionMemory['outcome'], string>;

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** The graphics cards, by the numbers that the server's setting `cards` takes. */
export function tellCards(cards: readonly Card[]): Told {
  const lines = cards.map(({ index, name, memoryBytes }) =>
    memoryBytes === undefined ? `${index}: ${name}` : `${index}: ${name} (${gigabytes(memoryBytes)})`,
  );
  const names = cards.map(({ index, name }) => [`card${index}`, name] as const);
  return {
    detail: lines.length === 0 ? 'no graphics card was found' : lines.join(', '),
    ...(lines.length === 0 && { absent: true }),
    values: { count: cards.length, ...Object.fromEntries(names) },
  };
}

/** What a picture of a model needs in each precision, and what to expect of this machine's memory. */
export function tellModelMemory({ availableBytes, exact, int8 }: MemoryEstimate) {
  const tell = (name: string, { use, peakBytes, outcome }: PrecisionMemory) =>
    `${name} needs ${gigabytes(peakBytes)} (memory ${use})${outcomes[outcome]}`;
  const ok = exact.outcome === 'fits' || int8.outcome === 'fits';
  return {
    check: 'needs',
    ok,
    detail: `on the CPU ${tell('exact', exact)}; ${tell('int8', int8)}; there are ${gigabytes(availableBytes)}`,
    ...(!ok && { remedy: 'use int8, close other programs, or give the machine or its container more memory' }),
    values: { availableBytes, exactBytes: exact.peakBytes, int8Bytes: int8.peakBytes },
  };
}
