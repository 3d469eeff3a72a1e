import type { Scheduler } from '../playground/settings.ts';

export const schedulerNames: Readonly<Record<Scheduler, string>> = {
  edm_dpmpp_2m: 'DPM-Solver++ 2M',
  edm_euler: 'Euler',
};
