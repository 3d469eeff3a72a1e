const exact = new Intl.NumberFormat('en', { maximumFractionDigits: 6 });
const threeDigits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/**
 * Credits with at most three significant digits, but always all digits before the decimal point.
 *
 * @example
 * [0.001856, 12.3456, 1234.5].map(credits); // ['0.00186', '12.3', '1,235']
 */
export function credits(amount: number): string {
  return (Math.abs(amount) < 100 ? threeDigits : whole).format(amount);
}

/** Credits with all digits: a micro-credit is the smallest amount. */
export function exactCredits(amount: number): string {
  return exact.format(amount);
}

/** A balance: four decimals are enough to see it change. */
export function balance(amount: number): string {
  return new Intl.NumberFormat('en', { maximumFractionDigits: amount < 1 ? 6 : 4 }).format(amount);
}

export function pictures(count: number): string {
  return count === 1 ? '1 picture' : `${count} pictures`;
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${(count / 1000).toFixed(0)} kB`;
  if (count < 1_000_000_000) return `${(count / 1_000_000).toFixed(1)} MB`;
  return `${(count / 1_000_000_000).toFixed(2)} GB`;
}

export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function moment(instant: string): string {
  return new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(instant));
}

const DAY_MS = 24 * 3600 * 1000;

/**
 * Every day from the first to the last, both included, as `YYYY-MM-DD`.
 *
 * @example
 * daysFrom('2026-02-27', '2026-03-01'); // ['2026-02-27', '2026-02-28', '2026-03-01']
 */
export function daysFrom(first: string, last: string): string[] {
  const days: string[] = [];
  for (let time = Date.parse(first); time <= Date.parse(last); time += DAY_MS) {
    days.push(new Date(time).toISOString().slice(0, 10));
  }
  return days;
}

/**
 * The end of a text that was truncated, as it was typed. Tokenizers return it in lower case with spaces between tokens, so it is found by
 * its letters alone.
 *
 * @returns `unread` itself if the letters differ, for example after Unicode normalisation
 * @example
 * unreadEnd('A Cat and WORD12', 'word 1 2') === 'WORD12'
 */
export function unreadEnd(text: string, unread: string): string {
  const letters = unread.replace(/\s+/g, '').toLowerCase();
  let [start, left] = [text.length, letters.length];
  while (left > 0 && start > 0) {
    start -= 1;
    const letter = text[start] ?? '';
    if (/\s/.test(letter)) continue;
    left -= 1;
    if (letter.toLowerCase() !== letters[left]) return unread;
  }
  return left > 0 ? unread : text.slice(start).trim();
}
