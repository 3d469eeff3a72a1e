import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EaselServer, serveEasel } from '../support/easel-server.ts';
import { type Block, blocksOf, commandsOf, documents } from './blocks.ts';
import { Sandbox } from './sandbox.ts';

const repository = resolve(import.meta.dirname, '../..');
const blocks = documents(repository).flatMap((file) => blocksOf(repository, file));
const reason = (block: Block) => /^not run: (.+)/.exec(block.note ?? '')?.[1];
const printing = (block: Block) => /^prints: (.+)/.exec(block.note ?? '')?.[1];

/** Ways to run a block; the first that fits. */
const ways: readonly [name: string, fits: (block: Block) => boolean][] = [
  ['not run', (block) => reason(block) !== undefined],
  ['shell', ({ language }) => language === 'sh'],
  ['TypeScript', ({ language }) => language === 'ts'],
  ['module', ({ language, code }) => language === 'js' && code.includes('export default')],
  ['printed JSON', (block) => block.language === 'json' && printing(block) !== undefined],
  ['settings', ({ language, note }) => language === 'json' && note === 'settings'],
  ['synopsis', ({ language, code }) => language === 'text' && code.startsWith('easel ')],
];
const wayOf = (block: Block) => ways.find(([, fits]) => fits(block))?.[0];
const all = (way: string) => blocks.filter((block) => wayOf(block) === way);

describe('the code blocks of the documents', () => {
  it('can each be run, or say in a comment above them why not', () => {
    expect(blocks.length).toBeGreaterThan(15);
    expect(blocks.filter((block) => wayOf(block) === undefined).map(({ name }) => name)).toEqual([]);
  });

  it('that are not run are few and give a reason', () => {
    const notRun = all('not run');
    expect(notRun.map((block) => `${block.name}: ${reason(block)}`).join('\n')).not.toMatch(/: (.{0,5}|TODO.*)$/m);
    expect(notRun.length / blocks.length).toBeLessThan(0.5);
  });
});

describe('as printed, in a fresh clone,', { timeout: 1_800_000 }, () => {
  let server: EaselServer;
  let sandbox: Sandbox;
  beforeAll(async () => {
    server = await serveEasel();
    sandbox = await Sandbox.create(server);
  }, 600_000);
  afterAll(async () => {
    sandbox?.close();
    await server?.stop();
  });

  it.each(all('shell'))('$name: every command succeeds', async ({ code }) => {
    for (const { status, stderr, stdout } of await sandbox.shell(commandsOf(code))) {
      expect(`${stderr}${stdout}\nstatus ${status}`).toMatch(/status 0$/);
    }
  });

  it.each(all('TypeScript'))('$name: runs and saves a picture', async ({ code }) => {
    const { status, stderr, stdout } = await sandbox.typeScript(code);
    expect(`${stderr}${stdout}\nstatus ${status}`).toMatch(/status 0$/);
    expect(sandbox.pictures()).not.toEqual([]);
  });

  it.each(all('module'))('$name: is a module of a function', async ({ code }) => {
    const module: object = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    expect(module).toMatchObject({ default: expect.any(Function) });
  });

  it.each(all('printed JSON'))('$name: has the fields that the command prints', async (block) => {
    const [outcome] = await sandbox.shell([printing(block) ?? '']);
    expect(outcome).toMatchObject({ status: 0 });
    const printed = fieldsOf(JSON.parse(outcome?.stdout ?? ''));
    expect([...fieldsOf(JSON.parse(block.code))].filter((field) => !printed.has(field))).toEqual([]);
  });

  it.each(all('settings'))('$name: are accepted by the server', async ({ code }) => {
    writeFileSync(join(sandbox.clone, 'settings.json'), code);
    const [outcome] = await sandbox.shell(['./easel config --config settings.json']);
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
  });

  it.each(all('synopsis'))('$name: names commands and options that exist', async ({ code }) => {
    for (const line of code.split('\n')) {
      const [, command = ''] = /^easel ((?:[a-z]+ ?)+)/.exec(line) ?? [];
      const [outcome] = await sandbox.shell([`easel ${command.replace(/ $/, '')} --help`]);
      expect(outcome, line).toMatchObject({ status: 0 });
      for (const [option] of line.matchAll(/--[a-z-]+/g)) expect(outcome?.stdout).toContain(`${option} `);
    }
  });
});

/** The path of every field, `images[].seed`. */
function fieldsOf(value: unknown, path = ''): Set<string> {
  if (Array.isArray(value)) return new Set(value.flatMap((entry) => [...fieldsOf(entry, `${path}[]`)]));
  if (typeof value !== 'object' || value === null) return new Set();
  return new Set(
    Object.entries(value).flatMap(([key, entry]) => [`${path}.${key}`, ...fieldsOf(entry, `${path}.${key}`)]),
  );
}
