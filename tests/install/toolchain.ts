import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { newcomersEnvironment } from './command.ts';

/** A Node.js and an npm that somebody may have, by what the npm registry calls them: `20`, `20.20.2`; `10.8`, `latest`. */
export interface Versions {
  readonly node: string;
  readonly npm: string;
}

export interface Toolchain {
  /** Exact versions. */
  readonly versions: Versions;
  /** Whether this npm says that it runs on this Node.js. */
  readonly supported: boolean;
  /** An environment in which `node` and `npm` are these. */
  readonly env: NodeJS.ProcessEnv;
}

/** Installs a Node.js and an npm from the npm registry below `folder`, once each. Linux only: there the registry has them all. */
export function toolchain(folder: string, wanted: Versions): Toolchain {
  const node = installed(folder, `node-linux-${process.arch}`, wanted.node);
  const npm = installed(folder, 'npm', wanted.npm);
  const bin = join(folder, `node ${node.version} npm ${npm.version}`);
  if (!existsSync(bin)) {
    mkdirSync(bin);
    symlinkSync(join(node.path, 'bin/node'), join(bin, 'node'));
    const script = `#!/bin/sh\nexec "${bin}/node" "${npm.path}/bin/npm-cli.js" "$@"\n`;
    writeFileSync(join(bin, 'npm'), script, { mode: 0o755 });
  }
  return {
    versions: { node: node.version, npm: npm.version },
    supported: satisfies(npm.path, node.version, npm.engines.node),
    env: newcomersEnvironment({ PATH: `${bin}:/usr/local/bin:/usr/bin:/bin` }),
  };
}

interface Installed {
  readonly path: string;
  readonly version: string;
  readonly engines: { readonly node: string };
}

function installed(folder: string, name: string, version: string): Installed {
  const place = join(folder, `${name}@${version}`);
  const path = join(place, 'node_modules', name);
  if (!existsSync(path)) {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'package.json'), '{}');
    execFileSync('npm', ['install', '--force', '--no-audit', '--no-fund', '--loglevel=error', `${name}@${version}`], {
      cwd: place,
      env: newcomersEnvironment(),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  const manifest: Omit<Installed, 'path'> = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  return { path, version: manifest.version, engines: manifest.engines };
}

/** With the semver library that every npm carries. */
function satisfies(npm: string, version: string, range: string): boolean {
  const semver: { satisfies(version: string, range: string): boolean } = createRequire(join(npm, 'package.json'))(
    'semver',
  );
  return semver.satisfies(version, range);
}
