/** What is timed: a product as large as the machine likes it, one pass of a network, or a whole picture with guidance. */
export interface Row {
  readonly part: 'product' | 'unet' | 'vae' | 'picture';
  readonly precision: 'exact' | 'int8';
  /** Pixels of a side. */
  readonly size: number;
  readonly steps: number;
  readonly samples: number;
  /** Of each process. */
  readonly threads: number;
  readonly processes: number;
  /** Timed runs after the first, which is not counted; 0: the first one counts, because it takes minutes. */
  readonly runs: number;
}

export const axes = ['limit', 'threads', 'processes', 'pixels', 'steps', 'samples'] as const;

export type Axis = (typeof axes)[number];

const SIZES = [256, 512, 768, 1024, 1536];
const STEPS = { exact: [1, 2, 4], int8: [1, 2, 4, 8] };
const SAMPLES = [1, 2, 4];

/** @param cores as many as the engine would use by itself */
export function rowsOf(axis: Axis, cores: number): Row[] {
  return (['int8', 'exact'] as const).flatMap((precision) => {
    const pass: Row = { ...one, part: 'unet', precision, threads: cores };
    const picture: Row = { ...pass, part: 'picture', runs: 1 };
    const perCount = threadCounts(cores).map((threads): Row => ({ ...pass, threads }));
    const rows: Readonly<Record<Axis, readonly Row[]>> = {
      limit: perCount.map((row) => ({ ...row, part: 'product', runs: 20 })),
      threads: perCount,
      processes: perCount
        .filter(({ threads }) => cores % threads === 0)
        .map((row) => ({ ...row, processes: cores / row.threads })),
      pixels: (['unet', 'vae'] as const).flatMap((part) =>
        SIZES.map((size) => ({ ...pass, part, size, runs: size <= 512 ? 2 : size <= 1024 ? 1 : 0 })),
      ),
      steps: STEPS[precision].map((steps) => ({ ...picture, steps })),
      samples: SAMPLES.map((samples) => ({ ...picture, samples })),
    };
    return rows[axis];
  });
}

const one = { size: 512, steps: 1, samples: 1, processes: 1, runs: 2 };

/** 1, 2, 4 … and all. */
function threadCounts(cores: number): number[] {
  const powers = [1, 2, 4, 8, 16, 32, 64, 128].filter((count) => count < cores);
  return [...powers, cores];
}

/** The name of a measurement. Rows of two axes that measure the same have the same. */
export function nameOf({ part, precision, size, steps, samples, threads, processes }: Row): string {
  const what = {
    product: 'product',
    unet: `unet ${size}`,
    vae: `vae ${size}`,
    picture: `picture ${size}, ${steps} steps, ${samples} samples`,
  }[part];
  return `${what}, ${precision}, ${processes} × ${threads} threads`;
}
