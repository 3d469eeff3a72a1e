/** Samplers by their names in requests; a new one is one more line. What the engine can do with them stands in its own table. */
export const samplers = {
  edm_dpmpp_2m: {
    label: 'DPM-Solver++ 2M',
    /** In the "parameters" text of a picture's file, as other tools write it. */
    inFiles: 'DPM++ 2M',
    /** More names of exactly this one in files of other tools, in lower case. */
    elsewhere: ['dpmpp_2m', 'dpmpp 2m', 'k_dpmpp_2m'],
  },
  edm_euler: { label: 'Euler', inFiles: 'Euler', elsewhere: ['k_euler'] },
} as const satisfies Record<
  string,
  { readonly label: string; readonly inFiles: string; readonly elsewhere: readonly string[] }
>;

export type Scheduler = keyof typeof samplers;

export function isSampler(name: unknown): name is Scheduler {
  return typeof name === 'string' && Object.hasOwn(samplers, name);
}

export const samplerNames: readonly Scheduler[] = Object.keys(samplers).filter(isSampler);

/** What people call a sampler; one that is not known here keeps its name. */
export function samplerLabel(name: string): string {
  return isSampler(name) ? samplers[name].label : name;
}
