import { EaselError } from '@easel/client';

/** What went wrong, for people; the server's own words already say what to do. */
export function messageOf(error: unknown): string {
  if (error instanceof EaselError) {
    if (error.code === 'insufficient_credits')
      return `${sentence(error.message)} Nothing was started and nothing charged.`;
    if (error.code === 'rate_limited') {
      const wait = error.retryAfter === undefined ? 'in a minute' : `in ${error.retryAfter} seconds`;
      return `That was faster than this key may go. Try again ${wait}.`;
    }
    return sentence(error.message);
  }
  return sentence(error instanceof Error ? error.message : String(error));
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
