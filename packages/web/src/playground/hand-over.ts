import type { Settings } from './settings.ts';

let waiting: Partial<Settings> | undefined;

/** Gives settings to the playground, which takes them when it opens next. */
export function handOver(settings: Partial<Settings>): void {
  waiting = settings;
}

export function takeHandedOver(): Partial<Settings> {
  const settings = waiting ?? {};
  waiting = undefined;
  return settings;
}
