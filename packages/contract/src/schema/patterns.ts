import { styleName } from '../request/styles.ts';

/** A regular expression of a schema, and what it asks for in words. */
interface Pattern {
  readonly source: string;
  readonly words: string;
}

/** PostgreSQL cannot store U+0000 in a text, so no text of ours has it. */
const text: Pattern = { source: '^[^\\u0000]*$', words: 'text without the character U+0000' };

export const patterns = {
  text,
  key: { source: '^SG_[0-9a-f]{16}$', words: 'SG_ and 16 hexadecimal digits' },
  printable: { source: '^[ -~]+$', words: 'printable ASCII characters' },
  imageName: { source: '^[0-9a-f]{32}$', words: '32 hexadecimal digits' },
  imageFile: {
    source: '^[0-9a-f]{32}(\\.(jpg|png|webp))?$',
    words: '32 hexadecimal digits, and .jpg, .png or .webp or nothing',
  },
  eventId: { source: '^[0-9]{1,18}$', words: 'the id of an event, a number of at most 18 digits' },
  webhookUrl: {
    source: '^https?://[!-~]{1,2040}$',
    words: 'an https:// URL of at most 2,048 ASCII characters, such as https://example.org/easel-events',
  },
  slug: { source: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$', words: 'the name of a model, such as playground-v2.5' },
  style: styleName,
  loraName: {
    source: '^[^\\u0000-\\u001f\\\\/:<>]{1,200}$',
    words: 'the name of a LoRA, without / \\ : < and >',
  },
  jobStates: {
    source: '^(queued|running|succeeded|failed|cancelled)(,(queued|running|succeeded|failed|cancelled)){0,4}$',
    words: 'states (queued, running, succeeded, failed, cancelled), separated by commas',
  },
  size: { source: '^[1-9][0-9]{1,3}x[1-9][0-9]{1,3}$', words: 'a size such as "1024x1024"' },
  sizeOrAuto: { source: '^(auto|[1-9][0-9]{1,3}x[1-9][0-9]{1,3})$', words: '"auto" or a size such as "1024x1024"' },
  amount: {
    source: '^[0-9]{1,12}(\\.[0-9]{1,12})?$',
    words: 'an amount of at least 0 with at most 12 decimals, such as 0.01',
  },
} as const satisfies Record<string, Pattern>;

/** What a pattern asks for, in words. */
export function wordsOfPattern(source: string): string {
  const known = Object.values(patterns).find((pattern) => pattern.source === source);
  return known?.words ?? `text that matches ${source}`;
}
