import { CodedError } from '@easel/errors';

/** A repository of the Hub, or one file of it. */
export interface HubReference {
  /** `owner/name` */
  readonly repo: string;
  /** A branch, tag or commit. */
  readonly revision: string;
  /** Only this file. */
  readonly file?: string;
}

/** How references are written, for messages. */
export const REFERENCE_FORM = 'owner/repo, owner/repo@revision or owner/repo:file.safetensors';

const NAME = '[A-Za-z0-9_][\\w.-]{0,95}';
const WRITTEN = new RegExp(`^(${NAME}/${NAME})(?:@([^:@\\s]+))?(?::(\\S.*))?$`);
const PAGE = /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\//i;
const IN_PAGE = new RegExp(`^(${NAME}/${NAME})(?:/(?:tree|blob|resolve|raw)/([^/?#]+)(?:/([^?#]+))?)?/?(?:[?#].*)?$`);

/**
 * Reads `owner/repo[@revision][:file]`, or the address of its page on the Hub.
 *
 * @returns undefined for what is neither
 * @throws CodedError `usage` for a revision or file that none can be
 * @example parseReference('segmind/SSD-1B@main') // { repo: 'segmind/SSD-1B', revision: 'main' }
 */
export function parseReference(text: string): HubReference | undefined {
  const found = PAGE.test(text) ? IN_PAGE.exec(text.replace(PAGE, '')) : WRITTEN.exec(text);
  const [, repo, revision = 'main', file] = found ?? [];
  if (repo === undefined || /\.\.|--|\.git$/.test(repo)) return undefined;
  if (!isSafePath(revision) || !/^[\w./-]+$/.test(revision)) throw invalid(text, 'revision');
  if (file !== undefined && !isSafePath(file)) throw invalid(text, 'file');
  return { repo, revision, ...(file !== undefined && { file }) };
}

/** The same as text. */
export function formatReference({ repo, revision, file }: HubReference): string {
  return `${repo}${revision === 'main' ? '' : `@${revision}`}${file === undefined ? '' : `:${file}`}`;
}

/**
 * Whether a path from elsewhere stays in the folder that it is put into, on every system: relative, with `/`, without `..`, drives,
 * backslashes, streams and control characters.
 */
export function isSafePath(path: string): boolean {
  if (path.length > 1000 || /[\\:*?"<>|\p{Cc}]/u.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.length <= 255);
}

function invalid(text: string, what: string): CodedError {
  return new CodedError('usage', `${JSON.stringify(text)} names no valid ${what}`, {
    remedy: `write ${REFERENCE_FORM}`,
  });
}
