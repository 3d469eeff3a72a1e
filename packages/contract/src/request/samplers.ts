interface SamplerWords {
  readonly label: string;
  /** In the "parameters" text of a picture's file, as other tools write it. Where two have the same, the first is meant. */
  readonly inFiles: string;
  /** More names of exactly this one in files of other tools, in lower case. */
  readonly elsewhere: readonly string[];
  /** The same method for the other kind of noise: what a file says of one means this one, with a model that has only this. */
  readonly twin?: string;
}

/**
 * Samplers by their names in requests; a new one is one more line. What the engine can do with them stands in its own table. A model has those
 * for the noise it was trained with (GET /api/models): `edm_…` Playground v2.5, the others the rest of the SDXL line.
 */
export const samplers = {
  edm_dpmpp_2m: {
    label: 'DPM-Solver++ 2M',
    inFiles: 'DPM++ 2M',
    elsewhere: ['dpmpp_2m', 'dpmpp 2m', 'k_dpmpp_2m'],
    twin: 'dpmpp_2m',
  },
  edm_euler: { label: 'Euler', inFiles: 'Euler', elsewhere: ['k_euler'], twin: 'euler' },
  euler: { label: 'Euler', inFiles: 'Euler', elsewhere: [], twin: 'edm_euler' },
  euler_ancestral: {
    label: 'Euler ancestral',
    inFiles: 'Euler a',
    elsewhere: ['euler_ancestral', 'k_euler_a', 'k_euler_ancestral'],
  },
  heun: { label: 'Heun', inFiles: 'Heun', elsewhere: ['k_heun'] },
  ddim: { label: 'DDIM', inFiles: 'DDIM', elsewhere: [] },
  dpmpp_2m: { label: 'DPM-Solver++ 2M', inFiles: 'DPM++ 2M', elsewhere: [], twin: 'edm_dpmpp_2m' },
  unipc: { label: 'UniPC', inFiles: 'UniPC', elsewhere: ['uni_pc', 'uni_pc_bh2'] },
  lcm: { label: 'LCM', inFiles: 'LCM', elsewhere: [] },
  tcd: { label: 'TCD', inFiles: 'TCD', elsewhere: [] },
} as const satisfies Record<string, SamplerWords>;

export type Scheduler = keyof typeof samplers;

export function isSampler(name: unknown): name is Scheduler {
  return typeof name === 'string' && Object.hasOwn(samplers, name);
}

export const samplerNames: readonly Scheduler[] = Object.keys(samplers).filter(isSampler);

/** What people call a sampler; one that is not known here keeps its name. */
export function samplerLabel(name: string): string {
  return isSampler(name) ? samplers[name].label : name;
}

/** The sampler that a name of another model's picture means with a model that offers these. */
export function samplerAmong(name: string, offered: readonly string[]): string {
  if (!isSampler(name) || offered.includes(name)) return name;
  const { twin }: SamplerWords = samplers[name];
  return twin !== undefined && offered.includes(twin) ? twin : name;
}
