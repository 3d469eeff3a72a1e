import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { licencesFile } from '@easel/engine';
import { CodedError, ifPresent, whyNoFolder } from '@easel/errors';
import type { Environment } from './hub/settings.ts';

/** The licence of a repository, before it is downloaded. */
export interface PullLicence {
  /** As on the Hub, such as `openrail++`; undefined: the model card names none. */
  readonly name: string | undefined;
  readonly link: string | undefined;
  /** False for licences that ask nothing of who uses the model. */
  readonly needsAcceptance: boolean;
  readonly isAccepted: boolean;
}

/** Licences that ask no more than to keep their text with copies. */
const PERMISSIVE = new Set([
  'mit',
  'apache-2.0',
  'bsd',
  'bsd-2-clause',
  'bsd-3-clause',
  'isc',
  'cc0-1.0',
  'unlicense',
  '0bsd',
  'cc-by-4.0',
  'zlib',
]);

interface Acceptance {
  readonly repo: string;
  readonly licence: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Whether the licence has to be accepted, and was. */
export async function licenceState(
  repo: string,
  { name, link }: { readonly name: string | undefined; readonly link: string | undefined },
  env: Environment,
): Promise<PullLicence> {
  const needsAcceptance = name === undefined || !PERMISSIVE.has(name.toLowerCase());
  const accepted = needsAcceptance ? await readAcceptances(env) : [];
  const isAccepted = accepted.some((entry) => entry.repo === repo.toLowerCase() && entry.licence === (name ?? ''));
  return { name, link, needsAcceptance, isAccepted };
}

/** Notes that the licence of a repository was accepted, for this and later downloads. */
export async function acceptLicence(
  repo: string,
  { name }: Pick<PullLicence, 'name'>,
  env: Environment,
): Promise<void> {
  const file = licencesFile(env);
  const entry: Acceptance = { repo: repo.toLowerCase(), licence: name ?? '', at: new Date().toISOString() };
  const others = (await readAcceptances(env)).filter(
    ({ repo: other, licence }) => other !== entry.repo || licence !== entry.licence,
  );
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.${process.pid}`, `${JSON.stringify({ accepted: [...others, entry] }, null, 2)}\n`);
    await rename(`${file}.${process.pid}`, file);
  } catch (thrown) {
    throw new CodedError(
      'output_unwritable',
      `that the licence was accepted cannot be noted in ${file}: ${whyNoFolder(thrown)}`,
      {
        remedy: 'check who may write there, or set XDG_DATA_HOME to another folder',
        cause: thrown,
      },
    );
  }
}

/** @throws CodedError `licence_not_accepted` */
export function requireAccepted(repo: string, { name, link, needsAcceptance, isAccepted }: PullLicence): void {
  if (!needsAcceptance || isAccepted) return;
  const licence =
    name === undefined ? `${repo} names no licence, and its terms must be` : `the licence ${name} of ${repo} must be`;
  throw new CodedError('licence_not_accepted', `${licence} accepted before it is downloaded`, {
    remedy: `read ${link ?? `https://huggingface.co/${repo}`}, then add --accept-license`,
  });
}

async function readAcceptances(env: Environment): Promise<Acceptance[]> {
  const text = await ifPresent(readFile(licencesFile(env), 'utf8'));
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    const accepted: unknown =
      typeof value === 'object' && value !== null && 'accepted' in value ? value.accepted : undefined;
    return Array.isArray(accepted) ? accepted.filter(isAcceptance) : [];
  } catch {
    return []; // it is asked again, and the file written anew
  }
}

function isAcceptance(value: unknown): value is Acceptance {
  if (typeof value !== 'object' || value === null || !('repo' in value && 'licence' in value && 'at' in value))
    return false;
  return typeof value.repo === 'string' && typeof value.licence === 'string' && typeof value.at === 'string';
}
