import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const lockfile = new URL('../../package-lock.json', import.meta.url);
const { packages }: { packages: Record<string, LockedPackage> } = JSON.parse(readFileSync(lockfile, 'utf8'));

interface LockedPackage {
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

it('holds every optional package of every platform, without which npm ci refuses the lockfile', () => {
  const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(packages, place, name)),
  );
  expect(missing).toEqual([]);
});

it('has a hash of every package that users install', () => {
  const fetched = Object.entries(packages).filter(
    ([place, { link, dev }]) => place.includes('node_modules/') && link !== true && dev !== true,
  );
  expect(fetched.length).toBeGreaterThan(50);
  expect(fetched.flatMap(([place, { integrity }]) => (integrity?.startsWith('sha512-') ? [] : [place]))).toEqual([]);
});

/** Whether `name` is found from `place`, in its own node_modules or in one above. */
function isLocked(packages: Record<string, LockedPackage>, place: string, name: string): boolean {
  const folders = place
    .split('/node_modules/')
    .map((_, depth, parts) => parts.slice(0, depth + 1).join('/node_modules/'));
  return ['', ...folders].some((folder) => `${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages);
}
