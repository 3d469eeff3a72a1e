import { chmodSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { freshClone, linkDependencies, scratchFolder } from '../install/clone.ts';
import { type Command, newcomersEnvironment, type Outcome, run, startUntil } from '../install/command.ts';

/** The packages as they are published, installed by npm into an empty folder, outside of any clone. */
export class InstalledPackages {
  readonly #folder = scratchFolder();
  readonly app: string = join(this.#folder, 'app');
  readonly tarballs: string = join(this.#folder, 'tarballs');
  readonly #env: NodeJS.ProcessEnv;

  constructor() {
    chmodSync(this.#folder, 0o711); // as root, the account that PostgreSQL runs as has to pass
    const home = join(this.#folder, 'home');
    mkdirSync(home);
    mkdirSync(this.app);
    writeFileSync(join(this.app, 'package.json'), '{ "private": true, "type": "module" }\n');
    const path = `${dirname(process.execPath)}${delimiter}${newcomersEnvironment().PATH}`;
    this.#env = newcomersEnvironment({ PATH: path, XDG_CACHE_HOME: join(home, '.cache'), XDG_DATA_HOME: home });
  }

  /** What a maintainer does, in a clone, and then a user. @returns the outcomes of both */
  async packAndInstall(): Promise<readonly [packed: Outcome, installed: Outcome]> {
    const clone = freshClone(this.#folder, 'easel');
    linkDependencies(clone);
    const packed = await this.#run('npm', ['run', 'pack', '--', this.tarballs], clone);
    rmSync(clone, { recursive: true }); // nothing may be found there by chance
    const files = globSync('*.tgz', { cwd: this.tarballs }).map((file) => join(this.tarballs, file));
    const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--no-update-notifier'];
    return [packed, await this.#run('npm', ['install', ...options, ...files], this.app)];
  }

  /** Runs the installed command in the app's folder. */
  easel(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return this.#run(join(this.app, 'node_modules/.bin/easel'), args, this.app, env);
  }

  /** Starts what does not end by itself and waits until it has said this. @throws Error with its words when it ends before */
  async startEasel(args: readonly string[], says: RegExp, env: NodeJS.ProcessEnv = {}): Promise<Command> {
    const options = { cwd: this.app, env: { ...this.#env, ...env } };
    const command = await startUntil(says, join(this.app, 'node_modules/.bin/easel'), args, options);
    if (!says.test(command.output())) throw new Error(`easel ${args.join(' ')} ended: ${command.output()}`);
    return command;
  }

  /** Runs a program of the user's that imports the packages. */
  program(name: string, code: string, env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    writeFileSync(join(this.app, name), code);
    return this.#run('node', [name], this.app, env);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return run(program, args, { cwd, env: { ...this.#env, ...env } });
  }
}
