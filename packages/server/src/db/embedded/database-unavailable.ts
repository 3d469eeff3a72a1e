/** Why the embedded database cannot be used. The message says what is wrong, `remedy` what the operator can do about it. */
export class DatabaseUnavailable extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DatabaseUnavailable';
    this.remedy = remedy;
  }
}
