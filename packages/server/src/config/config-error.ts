/** A setting that is not allowed, or a file that cannot be read: what was found, what is allowed, where it came from. */
export class ConfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigError';
  }
}
