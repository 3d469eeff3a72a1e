import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a model's card says about the model's authors and licence. */
export interface ModelLicence {
  /** An SPDX identifier in lower case as on the Hub, or the card's name for a custom licence. */
  readonly name: string;
  /** Where the licence text is: an address or a path relative to the card. */
  readonly link?: string;
  /** Notices for the model's sources, to be shown with it. */
  readonly attributions: readonly string[];
}

/**
 * The licence named by the card of a model: the README.md in its folder, or beside its single file.
 *
 * @returns undefined when there is no card or it names no licence
 */
export async function readModelLicence(path: string): Promise<ModelLicence | undefined> {
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  const card = await readFile(join(isFolder ? path : dirname(path), 'README.md'), 'utf8').catch(() => undefined);
  return card === undefined ? undefined : parseModelCard(card);
}

/**
 * Reads `license`, `license_name` and `license_link` from a card's front matter as the Hugging Face Hub defines it, and a list of
 * our own, `attributions`. A `license` of `other` is replaced by its `license_name`.
 */
export async function parseModelCard(card: string): Promise<ModelLicence | undefined> {
  return licenceOf(await frontMatterOf(card));
}

/** The same from fields that somebody else has parsed. */
export function licenceOf(fields: ReadonlyMap<unknown, unknown>): ModelLicence | undefined {
  const text = (key: string) => asText(fields.get(key));
  const licence = text('license');
  const name = licence === undefined || licence === 'other' ? (text('license_name') ?? licence) : licence;
  if (name === undefined) return undefined;
  const link = text('license_link');
  const notices: unknown = fields.get('attributions');
  const attributions = Array.isArray(notices) ? notices.map(asText).filter((notice) => notice !== undefined) : [];
  return { name, ...(link !== undefined && { link }), attributions };
}

/** Cards are written by hand: invalid YAML counts as absent. */
async function frontMatterOf(card: string): Promise<ReadonlyMap<unknown, unknown>> {
  const frontMatter = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1];
  if (frontMatter === undefined) return new Map();
  // Imported here: most programs read no card.
  const { parse } = await import('yaml');
  try {
    const fields: unknown = parse(frontMatter, { mapAsMap: true, maxAliasCount: 0, logLevel: 'error' });
    return fields instanceof Map ? fields : new Map();
  } catch {
    return new Map();
  }
}

/** The Hub also allows a list of licences; then the first one counts. */
function asText(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' && first.trim() !== '' ? first.trim() : undefined;
}
