import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Outcome, run } from './command.ts';
import { type Toolchain, toolchain } from './toolchain.ts';

const usage = `npm run test:matrix [-- OPTIONS]

From a fresh clone of the committed tree, with each npm on each Node.js (both from the npm registry), runs the two commands that README.md
begins with: ./easel generate "..." and npm test.

  --npm V,V     versions of npm (default 8,9,10.8,10.9,11.0,latest)
  --node V,V    versions of Node.js (default 20,22,24)
  --all-tests   run the whole of npm test; default: one test file`;

const { values: options } = parseArgs({
  options: {
    npm: { type: 'string', default: '8,9,10.8,10.9,11.0,latest' },
    node: { type: 'string', default: '20,22,24' },
    'all-tests': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** What a newcomer does with one npm on one Node.js. @returns why it failed, or nothing */
async function tryOut({ env }: Toolchain, folder: string): Promise<string | undefined> {
  const clone = join(folder, 'clone');
  const repository = resolve(import.meta.dirname, '../..');
  execFileSync('git', ['clone', '--quiet', '--no-local', repository, clone], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const generate = ['generate', 'a red apple on a blue background'];
  const first = await run('./easel', generate, { cwd: clone, env });
  const picture = first.stdout.trim();
  if (first.status !== 0 || !existsSync(join(clone, picture))) return failure('./easel generate', first);
  const filter = options['all-tests'] ? [] : ['--', 'tests/pinned-node.test.ts'];
  const second = await run('npm', ['test', ...filter], { cwd: clone, env });
  if (second.status !== 0 || !/\n\d+ passed, 0 failed(, \d+ skipped)?\n$/.test(second.stdout))
    return failure('npm test', second);
  return undefined;
}

function failure(command: string, { status, stdout, stderr }: Outcome): string {
  return `${command} ended with status ${status}:\n${stderr}${stdout.slice(-4000)}`;
}

async function main(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'easel-matrix-'));
  const rows: string[] = [];
  let failed = 0;
  try {
    for (const npm of options.npm.split(',')) {
      for (const node of options.node.split(',')) {
        const chain = toolchain(folder, { node, npm });
        const started = Date.now();
        const why = chain.supported ? await tryOut(chain, folder) : undefined;
        rmSync(join(folder, 'clone'), { recursive: true, force: true });
        const seconds = `${Math.round((Date.now() - started) / 1000)} s`;
        const result = !chain.supported ? 'not supported by npm' : why === undefined ? `passed, ${seconds}` : 'FAILED';
        const row = `npm ${chain.versions.npm.padEnd(8)} Node.js ${chain.versions.node.padEnd(9)} ${result}`;
        console.log(row);
        rows.push(row);
        if (why !== undefined) {
          failed += 1;
          console.error(why);
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\n${rows.join('\n')}\n${failed === 0 ? 'all passed' : `${failed} failed`}`);
  return failed === 0 ? 0 : 1;
}

if (options.help) console.log(usage);
else process.exitCode = await main();
