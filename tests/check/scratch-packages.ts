import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../..');

export interface LayerReport {
  readonly violations: readonly string[];
  readonly status: number | null;
}

/** A copy of the workspace's sources in which a test may break rules; libraries are linked, workspace packages are the copied ones. */
export class ScratchPackages {
  readonly #root = realpathSync(mkdtempSync(join(tmpdir(), 'easel layers ')));

  constructor() {
    for (const file of ['.dependency-cruiser.cjs', 'package.json', 'tsconfig.base.json']) this.#copy(file);
    for (const name of readdirSync(join(repository, 'packages'))) {
      this.#copy(`packages/${name}/package.json`);
      this.#copy(`packages/${name}/src`);
      this.#link(`packages/${name}/node_modules`);
    }
    for (const name of readdirSync(join(repository, 'node_modules'))) {
      if (name !== '@easel') this.#link(`node_modules/${name}`);
    }
    for (const name of readdirSync(join(this.#root, 'packages'))) {
      this.write(`node_modules/@easel/.keep`, '');
      symlinkSync(join(this.#root, 'packages', name), join(this.#root, 'node_modules/@easel', name));
    }
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.#root, file)), { recursive: true });
    writeFileSync(join(this.#root, file), text);
  }

  has(file: string): boolean {
    return existsSync(join(this.#root, file));
  }

  /** What `npm run check:layers` does, on the copy; a violation reads `rule: importing file`. */
  checkLayers(): LayerReport {
    const program = join(repository, 'node_modules/.bin/depcruise');
    const run = spawnSync(process.execPath, [program, '--config', '.dependency-cruiser.cjs', '.'], {
      cwd: this.#root,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    });
    const violations = [...run.stdout.matchAll(/^ *error (\S+: \S+)/gm)].map(([, violation]) => violation ?? '');
    return { violations, status: run.status };
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  #copy(path: string): void {
    if (existsSync(join(repository, path))) cpSync(join(repository, path), join(this.#root, path), { recursive: true });
  }

  #link(path: string): void {
    if (!existsSync(join(repository, path))) return;
    mkdirSync(dirname(join(this.#root, path)), { recursive: true });
    symlinkSync(join(repository, path), join(this.#root, path));
  }
}
