// What Easel installs on a user's machine: under which licences, and with which known weaknesses.
//
//   npm run check:dependencies [-- --require-audit]
//
// The licences are those that the packages state themselves, as package-lock.json has them. npm's registry is asked for weaknesses; where
// it cannot be asked, that is said, and with --require-audit it is a fault.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Licences that ask no more than to be named, so that they need no decision (SPDX identifiers, https://spdx.org/licenses/). */
const permissive = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
]);

/** Others, by what may have them and why that is fine: libraries of their own files that Easel does not change, which users may replace. */
const decided = [
  { licence: 'LGPL-3.0-or-later', packages: /^@img\/sharp/, reason: 'libvips, a shared library that sharp loads' },
  { licence: 'MPL-2.0', packages: /^lightningcss/, reason: 'the style sheet compiler, unchanged; it builds the page' },
];

export interface LockedPackage {
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

/** One package that is installed for users, and what it may be used under. */
export interface Dependency {
  readonly name: string;
  readonly licence: string;
}

/** Of the packages of a lockfile (version 3), those that users install, each once. */
export function installedDependencies(packages: Readonly<Record<string, LockedPackage>>): Dependency[] {
  const found = Object.entries(packages)
    .filter(([path, { dev, link }]) => path.includes('node_modules/') && dev !== true && link !== true)
    .map(([path, { license = '' }]) => ({ name: path.replace(/^.*node_modules\//, ''), licence: license }));
  return [...new Map(found.map((each) => [`${each.name} ${each.licence}`, each])).values()];
}

/** @returns why a dependency needs a decision; undefined: it needs none, or has one */
export function licenceFault({ name, licence }: Dependency): string | undefined {
  const isFine = (part: string) =>
    permissive.has(part) || decided.some(({ licence: allowed, packages }) => allowed === part && packages.test(name));
  // Of `A OR B` one is chosen; of `A AND B` both hold.
  const expression = licence.replaceAll(/[()]/g, '');
  const isAllowed = expression.split(' OR ').some((choice) => choice.split(' AND ').every(isFine));
  if (isAllowed) return undefined;
  return `${name}: ${licence === '' ? 'states no licence' : `${licence} needs a decision in tools/check-dependencies.ts`}`;
}

function reportLicences(dependencies: readonly Dependency[]): string[] {
  const byLicence = Map.groupBy(dependencies, ({ licence }) => licence);
  for (const [licence, found] of [...byLicence].sort(([, a], [, b]) => b.length - a.length))
    console.log(`${String(found.length).padStart(5)} ${licence}`);
  for (const { licence, packages, reason } of decided) {
    const names = dependencies.filter(({ name }) => packages.test(name)).map(({ name }) => name);
    if (names.length > 0) console.log(`${licence}: ${names.join(', ')} (${reason})`);
  }
  return dependencies.flatMap((dependency) => licenceFault(dependency) ?? []);
}

/** @returns what is wrong: weaknesses that are known of packages that users install, or that nobody could be asked, where that is required */
function audit(root: string, isRequired: boolean): string[] {
  try {
    execFileSync('npm', ['audit', '--omit=dev', '--audit-level=moderate', '--audit=true'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    console.log('no weakness of moderate or higher severity is known of these packages');
    return [];
  } catch (error) {
    const { stdout = '', stderr = '' } = outputsOf(error);
    if (/vulnerabilit/.test(stdout)) return [stdout.trim()];
    const reason = `the registry did not answer the audit: ${stderr.trim().split('\n')[0] ?? ''}`;
    if (isRequired) return [reason];
    console.warn(`NOT CHECKED for known weaknesses: ${reason}`);
    return [];
  }
}

function outputsOf(error: unknown): { stdout?: string; stderr?: string } {
  return error instanceof Error && 'stdout' in error && 'stderr' in error
    ? { stdout: String(error.stdout), stderr: String(error.stderr) }
    : { stderr: String(error) };
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, '..');
  const { packages }: { packages: Record<string, LockedPackage> } = JSON.parse(
    readFileSync(join(root, 'package-lock.json'), 'utf8'),
  );
  const faults = [
    ...reportLicences(installedDependencies(packages)),
    ...audit(root, process.argv.includes('--require-audit')),
  ];
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
