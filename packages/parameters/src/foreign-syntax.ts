/** A piece of a prompt that another tool would interpret as an instruction. Here it is plain text. */
export interface ForeignSyntax {
  readonly what: SyntaxKind;
  /** As in the prompt, truncated when long. */
  readonly text: string;
}

export type SyntaxKind =
  | 'LoRA'
  | 'embedding'
  | 'weight'
  | 'alternatives'
  | 'wildcard'
  | 'BREAK'
  | 'AND'
  | 'option'
  | 'escape';

const MAX_SHOWN_LENGTH = 60;
/** No prompt here is longer, but files may contain megabytes. */
const MAX_READ_LENGTH = 20_000;
/** A prompt may have thousands; more are not worth reporting. */
const MOST = 50;

/** What a request reads out of its prompts beyond plain text: that is no longer foreign. */
export interface PromptSyntax {
  /** Weights: `(word:1.2)`, `(word)`, `[word]`. Absent: false. */
  readonly promptWeighting?: boolean | undefined;
  /** Texts of more than 75 tokens, and `BREAK`. Absent: false. */
  readonly longPrompts?: boolean | undefined;
  /** LoRAs: `<lora:name:0.8>`. Absent: false. */
  readonly loraTags?: boolean | undefined;
}

/** Every expression takes linear time: none has a repetition that can start inside its own match. */
const patterns: readonly (readonly [
  what: SyntaxKind,
  expression: RegExp,
  applies?: ((match: RegExpExecArray) => boolean) | undefined,
  /** The option of a request that gives it its meaning. */
  option?: keyof PromptSyntax,
])[] = [
  ['LoRA', /<lora:[^<>\n]{1,300}>/gi, undefined, 'loraTags'],
  ['LoRA', /<(?:lora\s+|lyco\s*|lycoris\s*|hypernet\s*):[^<>\n]{1,300}>/gi],
  // SwarmUI's tags.
  ['embedding', /<(?:embed|embedding)\s*:[^<>\n]{1,300}>|\bembedding:[\w.\\/-]+/gi],
  [
    'alternatives',
    /<(?:random|alternate|fromto\[[^\]<>]{1,20}\]|wildcard|segment|object|region)\s*[:[][^<>\n]{1,300}>/gi,
  ],
  // (red:1.4)
  [
    'weight',
    /\(([^():\n]{1,300}(?::[^():\n]{0,300}){0,5}):\s*([+-]?\d{0,2}(?:\.\d{1,6})?)\s*\)/g,
    isWeight,
    'promptWeighting',
  ],
  // ((red))
  ['weight', /\({2,8}[^()\n]{1,300}\){2,8}/g, undefined, 'promptWeighting'],
  // InvokeAI: (red)1.4, (red)++ and (red)--.
  ['weight', /\([^()\n]{1,300}\)(?:\d\.\d{1,4}|\+{1,8}|-{2,8})(?=[\s,.)]|$)/g],
  // [a cat:a dog:0.5], [a|b], [less].
  ['alternatives', /\[[^[\]\n]{0,300}[|:][^[\]\n]{0,300}\]/g, hasLetter],
  ['weight', /\[[^[\]|:\n]{1,300}\]/g, hasLetter, 'promptWeighting'],
  ['weight', /\{{2,8}[^{}|\n]{1,300}\}{2,8}/g],
  // {a|b}, {2$$a|b}, of dynamic prompts and ComfyUI.
  ['alternatives', /\{[^{}\n]{0,300}\|[^{}\n]{0,300}\}/g],
  ['wildcard', /(?<![\w.])__[\w*/-]{1,100}__(?![\w.(])/g, ({ 0: text }) => !/^__(?:init|main|name|file)__$/.test(text)],
  ['BREAK', /(?<![\p{L}\p{N}_])BREAK(?![\p{L}\p{N}_])/gu, standsAlone, 'longPrompts'],
  ['AND', /(?<=\S\s)AND(?=\s\S)/g, standsAlone],
  [
    'option',
    /(?<=\s)--(?:ar|aspect|v|no|stylize|s|chaos|c|q|quality|seed|niji|iw|sref|cref|style|tile|weird|raw)(?: [^\s-][^\s]{0,40})?(?=\s|$)/g,
  ],
  ['escape', /\\[()[\]{}][^()[\]{}\\\n]{0,60}(?:\\[()[\]{}])?/g, undefined, 'promptWeighting'],
];

/**
 * The parts of a prompt that other tools would interpret: weights, LoRA tags, alternatives, `BREAK` … Ordinary parentheses, times and
 * ratios do not count.
 *
 * @param read what the request reads out of its prompts
 * @returns in the order of the prompt; each piece once, at most fifty.
 * @example
 * foreignSyntax('a (red:1.4) apple (still life), <lora:oil:0.8>');
 * // [{ what: 'weight', text: '(red:1.4)' }, { what: 'LoRA', text: '<lora:oil:0.8>' }]
 */
export function foreignSyntax(prompt: string, read: PromptSyntax = {}): ForeignSyntax[] {
  const start = prompt.slice(0, MAX_READ_LENGTH);
  const found: { readonly at: number; readonly end: number; readonly what: SyntaxKind; readonly text: string }[] = [];
  for (const [what, expression, applies, option] of patterns) {
    if (option !== undefined && read[option]) continue;
    let count = 0;
    for (const match of start.matchAll(expression)) {
      if (applies !== undefined && !applies(match)) continue;
      if (++count > MOST) break;
      found.push({ at: match.index, end: match.index + match[0].length, what, text: match[0] });
    }
  }
  // Of two overlapping ones, the first covers both.
  found.sort((a, b) => a.at - b.at || b.end - a.end);
  const seen = new Map<string, ForeignSyntax>();
  let end = 0;
  for (const piece of found) {
    if (piece.at < end) continue;
    end = piece.end;
    const text = shorten(piece.text);
    if (!seen.has(text)) seen.set(text, { what: piece.what, text });
  }
  return [...seen.values()].slice(0, MOST);
}

/** Not a weight: the minutes of a time, a ratio, a verse, and numbers that no tool would accept. */
function isWeight({ 1: words = '', 2: weight = '' }: RegExpExecArray): boolean {
  if (!/\d/.test(weight) || Math.abs(Number(weight)) >= 10) return false;
  return weight.includes('.') || !/\d$/.test(words.trim());
}

function hasLetter({ 0: text }: RegExpExecArray): boolean {
  return /\p{L}/u.test(text);
}

/** A word in capitals among others in capitals is shouting, or lettering in the picture. */
function standsAlone({ 0: word, index, input }: RegExpExecArray): boolean {
  const before = /([\p{L}\p{N}']+)[ \t"']*$/u.exec(input.slice(Math.max(0, index - 60), index))?.[1];
  const after = /^[ \t"']*([\p{L}\p{N}']+)/u.exec(input.slice(index + word.length, index + word.length + 60))?.[1];
  return ![before, after].some((neighbour) => neighbour !== undefined && isCry(neighbour));
}

function isCry(word: string): boolean {
  return /\p{Lu}{2}/u.test(word) && word === word.toUpperCase();
}

function shorten(text: string): string {
  return text.length <= MAX_SHOWN_LENGTH ? text : `${text.slice(0, MAX_SHOWN_LENGTH).toWellFormed()}…`;
}
