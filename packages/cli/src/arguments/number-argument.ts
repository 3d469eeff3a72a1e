import { CodedError } from '@easel/errors';

/** A parser of whole numbers from `min` to `max` for the option `flag`; anything else is refused by name. */
export function wholeNumber(flag: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value + 0; // + 0 turns −0 into 0
    throw new CodedError('usage', `${flag} must be a whole number from ${min} to ${max} (got ${quoted(text)})`);
  };
}

/** The same for numbers with a fraction: `3`, `3.5`, `.5`, `1e-1`. */
export function number(flag: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value + 0;
    throw new CodedError('usage', `${flag} must be a number from ${min} to ${max} (got ${quoted(text)})`);
  };
}

function quoted(text: string): string {
  return /^[\w.+-]+$/.test(text) ? text : JSON.stringify(text);
}
