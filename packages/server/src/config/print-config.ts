import { type Config, secretKeys } from './schema.ts';

/** As JSON for people, with secrets hidden but for whether they are set. */
export function printConfig(config: Config): string {
  return JSON.stringify(config, (key, value) => (secretKeys.includes(key) && value !== null ? '(hidden)' : value), 2);
}
