import { StartupError } from '../startup-error.ts';

/** A setting that is not allowed, or a file that cannot be read: what was found, what is allowed, where it came from. */
export class ConfigError extends StartupError {
  constructor(message: string, options: { readonly remedy?: string; readonly cause?: unknown } = {}) {
    super('settings_invalid', message, options);
    this.name = 'ConfigError';
  }
}
