import { EaselError } from '@easel/client';

/** What went wrong, for people; the server's own words already say what to do. */
export function messageOf(error: unknown): string {
  if (error instanceof EaselError) {
    if (error.code === 'rate_limited') {
      const wait = error.retryAfter === undefined ? 'in a minute' : `in ${error.retryAfter} seconds`;
      return `The rate limit of this key is exceeded. Try again ${wait}.`;
    }
    return sentence(error.message);
  }
  return sentence(error instanceof Error ? error.message : String(error));
}

/** With a capital, unless it begins with a name in quotes or a field of the API, and a full stop. */
export function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
