import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freshClone, linkDependencies, scratchFolder } from '../install/clone.ts';
import { type Command, newcomersEnvironment, type Outcome, run, startUntil } from '../install/command.ts';
import type { EaselServer } from '../support/easel-server.ts';
import { modelOfSide } from '../support/model-of-side.ts';

const repository = resolve(import.meta.dirname, '../..');
/** What is said by that which has started and goes on. */
const serving = /listens on http|takes jobs for/;
const streaming = /^(id|event|data|retry): ?\S/m;

/**
 * A fresh clone in which the commands of the documents are run as they are printed, except for what a document cannot know or a test
 * cannot have: see `asRun`.
 */
export class Sandbox {
  readonly clone: string;
  readonly #folder = scratchFolder();
  readonly #server: EaselServer;
  readonly #tinyModel: string;
  #env: NodeJS.ProcessEnv;
  #lastId = '';
  /** Commands without options that have succeeded: several documents begin with the same ones. */
  readonly #known = new Set<string>();

  /** Stand-ins for models that a reader would have: a tiny one of the same architecture, with random weights, for small pictures. */
  static async create(server: EaselServer): Promise<Sandbox> {
    return new Sandbox(server, await modelOfSide(64));
  }

  private constructor(server: EaselServer, tinyModel: string) {
    this.#server = server;
    this.#tinyModel = tinyModel;
    // As root, the account that PostgreSQL runs as has to pass.
    chmodSync(this.#folder, 0o711);
    this.clone = freshClone(this.#folder, 'easel');
    linkDependencies(this.clone);
    const home = join(this.#folder, 'home');
    mkdirSync(join(home, 'models'), { recursive: true });
    mkdirSync(join(home, '.config/fish/completions'), { recursive: true });
    symlinkSync(tinyModel, join(home, 'models/playground-v2.5-1024px-aesthetic'));
    symlinkSync(tinyModel, join(this.clone, 'playground-v2.5'));
    symlinkSync(tinyModel, join(this.clone, 'its-configuration'));
    copyFileSync(
      join(repository, 'tests/fixtures/goldens/single_file/playground-v2.5-tiny.fp16.safetensors'),
      join(this.clone, 'checkpoint.safetensors'),
    );
    // `easel` in the text is the command of an installed package.
    const bin = join(this.#folder, 'bin');
    mkdirSync(bin);
    symlinkSync(join(this.clone, 'easel'), join(bin, 'easel'));
    this.#env = newcomersEnvironment({
      PATH: `${bin}:${newcomersEnvironment().PATH}`,
      HOME: home,
      XDG_CACHE_HOME: join(home, '.cache'),
      EASEL_DATA_DIR: join(this.#folder, 'data'),
      EASEL_PORT: '0',
      EASEL_API_KEY: server.devKey,
      KEY: server.devKey,
    });
  }

  /** A copy of the text with the values of this place. The rest is run as printed. */
  #asRun(text: string): string {
    return (
      text
        .replaceAll('http://127.0.0.1:8400', this.#server.url)
        .replaceAll(/EASEL_ADMIN_KEY=SG_…/g, `EASEL_ADMIN_KEY=${this.#server.adminKey}`)
        .replaceAll(/EASEL_API_KEY=SG_…/g, `EASEL_API_KEY=${this.#server.devKey}`)
        .replaceAll(/--port \d+/g, '--port 0')
        // Fewer steps than by default: which pictures they make is not what is tested here. A number that is printed comes later, and counts.
        .replaceAll(/(?<=easel generate )(?!.*--help)/g, '--steps 4 ')
        .replaceAll("'/models/playground-v2.5'", `'${join(repository, 'packages/demo-model/model')}'`)
        .replaceAll('/srv/easel', `"${join(this.#folder, 'srv')}"`)
        .replaceAll(/\bID\b/g, this.#lastId)
        .replaceAll(/^source <\((easel completion zsh)\)$/g, '$1') // zsh is not on every machine
        .replaceAll(/^npm test$/g, 'npm test -- tests/pinned-node.test.ts')
    );
  }

  /** Runs the commands of a block one after another, servers until its end. Earlier blocks' pictures are removed first. @returns what each printed */
  async shell(commands: readonly string[]): Promise<Outcome[]> {
    this.#removePictures();
    const outcomes: Outcome[] = [];
    const servers: Command[] = [];
    try {
      for (const command of commands) {
        const plain = /^(?:\.\/)?(easel [a-z]+(?: "[^"]*")?)$/.exec(command)?.[1];
        if (plain !== undefined && this.#known.has(plain)) continue;
        const text = this.#asRun(command);
        const [, name, value] = /^export (\w+)=(\S+)$/.exec(text) ?? [];
        if (name !== undefined) this.#env = { ...this.#env, [name]: value };
        else if (/easel (serve|worker)\b/.test(text)) servers.push(await this.#until(serving, text));
        else if (/^curl -N .*\/api\/events\b/.test(text)) outcomes.push(await this.#follow(text));
        else {
          const outcome = await this.#once(text);
          outcomes.push(outcome);
          if (plain !== undefined && outcome.status === 0) this.#known.add(plain);
        }
      }
    } finally {
      for (const { pid } of servers) stop(pid);
      for (const { outcome } of servers) outcomes.push(await outcome);
    }
    return outcomes;
  }

  async #once(command: string): Promise<Outcome> {
    const outcome = await run('bash', ['-c', command], { cwd: this.clone, env: this.#serverEnv(command) });
    const ids = outcome.stdout.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [];
    this.#lastId = ids.at(-1) ?? this.#lastId;
    return outcome;
  }

  /** `easel keys`, `credits`, `accounts` and `usage` find the server of the test where a reader's listens on the usual port. */
  #serverEnv(command: string): NodeJS.ProcessEnv {
    return /easel (keys|credits|accounts|usage)\b/.test(command)
      ? { ...this.#env, EASEL_SERVER: this.#server.url }
      : this.#env;
  }

  /** What ends before it says that is found by its status. */
  #until(says: RegExp, command: string): Promise<Command> {
    return startUntil(says, 'bash', ['-c', `exec ${command}`], { cwd: this.clone, env: this.#env });
  }

  /** The stream of all jobs has no end: it is stopped, as a reader would, once something has come. */
  async #follow(command: string): Promise<Outcome> {
    const stream = await this.#until(streaming, command);
    stop(stream.pid);
    const outcome = await stream.outcome;
    return streaming.test(outcome.stdout) ? { ...outcome, status: 0 } : outcome;
  }

  /** Runs a TypeScript file of this text, as README says it: saved in the clone and given to tools/run. Older pictures are removed first. */
  async typeScript(code: string): Promise<Outcome> {
    this.#removePictures();
    writeFileSync(join(this.clone, 'snippet.ts'), this.#asRun(code));
    return await run('tools/run', ['snippet.ts'], { cwd: this.clone, env: this.#env });
  }

  /** The pictures beside the launcher. */
  pictures(): string[] {
    return readdirSync(this.clone).filter((name) => /\.(png|jpg|webp)$/.test(name));
  }

  #removePictures(): void {
    for (const picture of this.pictures()) rmSync(join(this.clone, picture));
  }

  close(): void {
    for (const folder of [this.#folder, this.#tinyModel]) rmSync(folder, { recursive: true, force: true });
  }
}

function stop(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended by itself; its status says whether it should have.
  }
}
