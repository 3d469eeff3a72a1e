/** Characters of a text that are quoted back: enough to recognise it, too few to fill a log. */
const MAX_QUOTE_LENGTH = 60;

/**
 * What was sent, in a few words: the value itself where it is short, its kind where it is not.
 *
 * @example
 * describeValue('1'); // '"1"'
 */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean' || value === null) return String(value);
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function quote(text: string): string {
  // Two UTF-16 units at most make a code point; a base64 picture need not be looked at as a whole.
  const start = [...text.slice(0, 2 * MAX_QUOTE_LENGTH + 2)];
  if (start.length <= MAX_QUOTE_LENGTH && text.length <= 2 * MAX_QUOTE_LENGTH + 2) return JSON.stringify(text);
  return `${JSON.stringify(start.slice(0, MAX_QUOTE_LENGTH).join(''))}… (${text.length} characters)`;
}
