/**
 * The last line of a "parameters" text: `Steps: 25, Sampler: DPM++ 2M, …`.
 * A value that would be ambiguous is a JSON string, as in the web UIs that introduced the format.
 */

const ambiguous = /^$|^\s|\s$|[,:"\p{Cc}\u2028\u2029]/u;
/** Those that JSON does not escape; some readers split a text at them. */
const controls = /[\p{Cc}\u2028\u2029]/gu;

export function formatSettings(settings: Iterable<readonly [name: string, value: string]>): string {
  return Array.from(settings, ([name, value]) => `${name}: ${quoteWhereNeeded(value)}`).join(', ');
}

function quoteWhereNeeded(value: string): string {
  if (!ambiguous.test(value) && value.isWellFormed()) return value;
  return JSON.stringify(value).replace(
    controls,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Reads any line, a settings line or not, in time linear in its length. The last value of a repeated name counts.
 *
 * @returns the settings in order; empty when there are none.
 */
export function parseSettings(line: string): Map<string, string> {
  const settings = new Map<string, string>();
  let position = 0;
  for (;;) {
    const colon = line.indexOf(':', position);
    if (colon < 0) return settings;
    const name = line.slice(line.lastIndexOf(',', colon) + 1, colon).trim();
    const value = parseValue(line, colon + 1);
    if (isName(name)) settings.set(name, value.text);
    position = value.end;
  }
}

/** Wide enough for the names of extensions, too narrow for running text with quotes. */
export function isName(text: string): boolean {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_ /()-]+$/u.test(text);
}

function parseValue(line: string, from: number): { readonly text: string; readonly end: number } {
  const start = skipSpaces(line, from);
  if (line[start] === '"') {
    const close = closingQuote(line, start);
    const after = skipSpaces(line, close + 1);
    if (close > 0 && (after === line.length || line[after] === ',')) {
      return { text: unquote(line.slice(start, close + 1)), end: after + 1 };
    }
  }
  const comma = line.indexOf(',', start);
  const end = comma < 0 ? line.length : comma;
  return { text: line.slice(start, end).trim(), end: end + 1 };
}

function skipSpaces(line: string, from: number): number {
  let position = from;
  while (position < line.length && line[position].trim() === '') position++;
  return position;
}

/** Where the quoted text that opens at `open` ends, or −1. */
function closingQuote(line: string, open: number): number {
  for (let position = open + 1; position < line.length; position++) {
    if (line[position] === '\\') position++;
    else if (line[position] === '"') return position;
  }
  return -1;
}

function unquote(quoted: string): string {
  try {
    const text: unknown = JSON.parse(quoted);
    return typeof text === 'string' ? text : quoted;
  } catch {
    return quoted; // not ours; other tools write such a value unescaped
  }
}
