/** A case as tools/goldens writes it; sizes are [height, width], crops [top, left]. */
export interface AcceptanceCase {
  readonly prompt: string;
  readonly prompt_2?: string;
  readonly negative: string | null;
  readonly negative_2?: string;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly guidance: number;
  readonly guidance_rescale?: number;
  readonly seed?: number;
  readonly seeds?: readonly number[];
  readonly samples?: number;
  readonly strength?: number;
  readonly scheduler?: string;
  readonly scheduler_kwargs?: Readonly<Record<string, string | number>>;
  readonly original_size?: Pair;
  readonly crops?: Pair;
  readonly target_size?: Pair;
  readonly negative_original_size?: Pair;
  readonly negative_crops?: Pair;
  readonly negative_target_size?: Pair;
}

type Pair = readonly [number, number];

const SOLVER_FLAGS: Readonly<Record<string, string>> = {
  sigma_schedule: '--sigma-schedule',
  solver_order: '--solver-order',
  solver_type: '--solver-type',
};

const LARGEST_SEED = 999_999_999_999_999;

/** The generator uses the low 32 bits of a seed, so a seed past the command line's last has an equal below it. */
function commandLineSeed(seed: number | undefined): number | undefined {
  return seed !== undefined && seed > LARGEST_SEED ? Number(BigInt.asUintN(32, BigInt(seed))) : seed;
}

/** The command line's flags for a case, its prompt and picture apart. */
export function flagsOf(golden: AcceptanceCase): string[] {
  const flag = (name: string, value: string | number | null | undefined) =>
    value === undefined || value === null ? [] : [name, String(value)];
  const size = (name: string, pair: Pair | undefined) => (pair ? [name, `${pair[1]}x${pair[0]}`] : []);
  const crop = (name: string, pair: Pair | undefined) => (pair ? [name, `${pair[1]},${pair[0]}`] : []);
  const isFromPicture = golden.strength !== undefined;
  const samples = golden.samples ?? 1;
  return [
    ...flag('--prompt-2', golden.prompt_2),
    ...flag('--negative-prompt', golden.negative),
    ...flag('--negative-prompt-2', golden.negative_2),
    ...(isFromPicture ? flag('--strength', golden.strength) : ['--size', `${golden.width}x${golden.height}`]),
    ...flag('--steps', golden.steps),
    ...flag('--guidance-scale', golden.guidance),
    ...flag('--guidance-rescale', golden.guidance_rescale),
    ...flag('--seed', commandLineSeed(golden.seed)),
    ...(samples > 1 ? ['--samples', String(samples), '--generator', 'shared'] : []),
    ...flag('--scheduler', golden.scheduler === 'EDMEulerScheduler' ? 'edm_euler' : 'edm_dpmpp_2m'),
    ...Object.entries(golden.scheduler_kwargs ?? {}).flatMap(([key, value]) => flag(SOLVER_FLAGS[key], value)),
    ...size('--original-size', golden.original_size),
    ...crop('--crop', golden.crops),
    ...size('--target-size', golden.target_size),
    ...size('--negative-original-size', golden.negative_original_size),
    ...crop('--negative-crop', golden.negative_crops),
    ...size('--negative-target-size', golden.negative_target_size),
  ];
}
