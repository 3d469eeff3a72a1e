import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { builtInStyles, faultOfStyle, type Style } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import type { CliContext } from './cli-context.ts';
import { temporaryName } from './output/folder.ts';
import { unreadableFile } from './unreadable-file.ts';

type Environment = CliContext['env'];

/** Where this user's own styles are: `easel/styles.json` in the XDG configuration folder (`~/.config`). */
export function stylesFile(env: Environment): string {
  const folder = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(env.HOME || homedir(), '.config');
  return join(folder, 'easel', 'styles.json');
}

/** @throws CodedError `settings_invalid` for a file that does not hold styles */
export async function readOwnStyles(env: Environment): Promise<readonly Style[]> {
  const file = stylesFile(env);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '{}';
    throw unreadableFile('settings_invalid', file, error);
  });
  const entries = Object.entries(parseObject(file, text));
  return entries.map(([name, value]) => styleOf(file, name, value)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws CodedError `usage`, with the names that are near or all of them */
export async function findStyle(name: string, env: Environment): Promise<Style> {
  const all = [...builtInStyles, ...(await readOwnStyles(env))];
  const found = all.find((style) => style.name === name);
  if (found !== undefined) return found;
  const names = all.map((style) => style.name).join(', ');
  throw new CodedError('usage', `--style must be a known style (got ${JSON.stringify(name)})`, {
    remedy: `the styles are ${names}`,
  });
}

/** Adds a style, or replaces the one of its name. @throws CodedError `usage`, `settings_invalid`, `output_unwritable` */
export async function saveStyle(style: Style, env: Environment): Promise<void> {
  const fault = faultOfStyle(style);
  if (fault !== undefined) throw new CodedError('usage', fault);
  const others = (await readOwnStyles(env)).filter(({ name }) => name !== style.name);
  await writeStyles([...others, style], env);
}

/** @throws CodedError `usage` when there is none of this name */
export async function removeStyle(name: string, env: Environment): Promise<void> {
  const own = await readOwnStyles(env);
  if (!own.some((style) => style.name === name)) {
    const isBuiltIn = builtInStyles.some((style) => style.name === name);
    throw new CodedError(
      'usage',
      isBuiltIn ? `${name} is one of Easel's own styles and cannot be removed` : `there is no style ${name} of yours`,
      { remedy: own.length === 0 ? undefined : `yours are ${own.map((style) => style.name).join(', ')}` },
    );
  }
  const others = own.filter((style) => style.name !== name);
  await writeStyles(others, env);
}

async function writeStyles(styles: readonly Style[], env: Environment): Promise<void> {
  const file = stylesFile(env);
  const folder = dirname(file);
  const entries = styles.map(({ name, ...texts }) => [name, texts] as const);
  const temporary = temporaryName(folder);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(temporary, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
    await rename(temporary, file);
  } catch (error) {
    throw new CodedError('output_unwritable', `${file} cannot be written`, { cause: error });
  } finally {
    await rm(temporary, { force: true });
  }
}

function parseObject(file: string, text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {}
  throw invalid(file, 'it must be a JSON object with a style under each name');
}

function styleOf(file: string, name: string, value: unknown): Style {
  const parts = new Map<string, unknown>(Object.entries(typeof value === 'object' && value !== null ? value : {}));
  const [prompt, negativePrompt] = [parts.get('prompt'), parts.get('negativePrompt')];
  if (typeof prompt !== 'string' || !['string', 'undefined'].includes(typeof negativePrompt))
    throw invalid(file, `the style ${JSON.stringify(name)} must have prompt and may have negativePrompt, both texts`);
  const style = { name, prompt, ...(typeof negativePrompt === 'string' && { negativePrompt }) };
  const fault = faultOfStyle(style);
  if (fault !== undefined) throw invalid(file, fault);
  return style;
}

function invalid(file: string, problem: string): CodedError {
  return new CodedError('settings_invalid', `${file}: ${problem}`, { remedy: 'correct the file, or delete it' });
}
