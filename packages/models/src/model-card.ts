import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a model's card says about its licence. */
export interface ModelLicence {
  /** An SPDX identifier in lower case as the Hub has it, or the name the card gives to a licence of its own. */
  readonly name: string;
  /** Where its text is: an address or a path relative to the card. */
  readonly link?: string;
}

/** The licence named by the README.md of a model's folder; undefined when there is no card or it names none. */
export async function readModelLicence(folder: string): Promise<ModelLicence | undefined> {
  const card = await readFile(join(folder, 'README.md'), 'utf8').catch(() => undefined);
  return card === undefined ? undefined : parseModelCard(card);
}

/**
 * Reads `license`, `license_name` and `license_link` from a card's front matter as the Hugging Face Hub defines it. Those are plain
 * scalars at top level, which is all of YAML that is read here; a `license` of `other` is called by its `license_name`.
 */
export function parseModelCard(card: string): ModelLicence | undefined {
  const frontMatter = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1];
  if (frontMatter === undefined) return undefined;
  const licence = scalar(frontMatter, 'license');
  const ownName = scalar(frontMatter, 'license_name');
  const name = licence === undefined || licence === 'other' ? (ownName ?? licence) : licence;
  if (name === undefined) return undefined;
  const link = scalar(frontMatter, 'license_link');
  return link === undefined ? { name } : { name, link };
}

function scalar(frontMatter: string, key: string): string | undefined {
  const value = new RegExp(`^${key}:[ \\t]*(.*?)[ \\t]*(?:[ \\t]#.*)?\\r?$`, 'm').exec(frontMatter)?.[1];
  const unquoted = value?.replace(/^(["'])(.*)\1$/, '$2');
  return unquoted === '' ? undefined : unquoted;
}
