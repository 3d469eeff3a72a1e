/** Braces within braces beyond this are text. */
const MAX_DEPTH = 50;

/** A text, pieces one after another, or one of several. */
type Part = string | { readonly kind: 'all' | 'one'; readonly parts: readonly Part[] };

/**
 * Every combination of a prompt's alternatives, the last ones changing fastest. `{a|{b|c}}` is one of three, `{a|}` is a or nothing, and
 * `\{`, `\|`, `\}` are the characters themselves. Braces without `|` between them, and without a partner, are text. Count them first:
 * there may be any number.
 *
 * @example
 * combinationsOf('a {red|blue} fox'); // ['a red fox', 'a blue fox']
 */
export function combinationsOf(prompt: string): readonly [string, ...string[]] {
  const [first = '', ...others] = new Set(combine(parse(prompt)));
  return [first, ...others];
}

/** How many there are, equal ones counted each. */
export function combinationCount(prompt: string): number {
  return countOf(parse(prompt));
}

/** The prompts of a text with one on each line, without blank lines. */
export function promptLines(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** One combination, the same for the same prompt and seed. */
export function pickAlternatives(prompt: string, seed: number): string {
  return pick(parse(prompt), mulberry32(seed));
}

function combine(part: Part): readonly string[] {
  if (typeof part === 'string') return [part];
  if (part.kind === 'one') return part.parts.flatMap(combine);
  return part.parts.reduce<readonly string[]>(
    (before, next) => before.flatMap((text) => combine(next).map((more) => text + more)),
    [''],
  );
}

function countOf(part: Part): number {
  if (typeof part === 'string') return 1;
  const counts = part.parts.map(countOf);
  return counts.reduce(
    (total, count) => (part.kind === 'one' ? total + count : total * count),
    part.kind === 'one' ? 0 : 1,
  );
}

function pick(part: Part, random: () => number): string {
  if (typeof part === 'string') return part;
  if (part.kind === 'all') return part.parts.map((each) => pick(each, random)).join('');
  return pick(part.parts[Math.floor(random() * part.parts.length)] ?? '', random);
}

/** Braces that are still open. */
interface Open {
  /** The alternatives that are complete. */
  readonly done: Part[];
  current: Part[];
}

function parse(prompt: string): Part {
  const open: Open[] = [{ done: [], current: [] }];
  for (const token of prompt.match(/\\[{}|]|[{}|]|[^\\{}|]+|\\/g) ?? []) {
    const at = open.length - 1;
    const inner = open[at] ?? { done: [], current: [] };
    if (token === '{' && at < MAX_DEPTH) open.push({ done: [], current: [] });
    else if (token === '|' && at > 0) {
      inner.done.push({ kind: 'all', parts: inner.current });
      inner.current = [];
    } else if (token === '}' && at > 0) {
      open.pop();
      open[at - 1]?.current.push(...closed(inner));
    } else inner.current.push(/^\\[{}|]$/.test(token) ? token.slice(1) : token);
  }
  const [whole, ...unclosed] = open;
  return { kind: 'all', parts: [...(whole?.current ?? []), ...unclosed.flatMap((each) => ['{', ...written(each)])] };
}

function closed(inner: Open): readonly Part[] {
  if (inner.done.length === 0) return ['{', ...inner.current, '}'];
  return [{ kind: 'one', parts: [...inner.done, { kind: 'all', parts: inner.current }] }];
}

/** Alternatives that were never closed, as text. */
function written({ done, current }: Open): readonly Part[] {
  return [...done.flatMap((part) => [part, '|']), ...current];
}

/** A small generator of numbers from 0 to 1; its quality does not matter here, that it is the same everywhere does. */
function mulberry32(seed: number): () => number {
  let state = (seed % 2 ** 32) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
