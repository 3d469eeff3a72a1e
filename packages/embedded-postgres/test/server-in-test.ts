import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../src/embedded-postgres.ts';

export const isRoot = process.getuid?.() === 0;

/** A data folder that does not exist yet, in a folder of the test's own that goes with the test. */
export async function newDataDir(name = 'data'): Promise<string> {
  const parent = await mkdtemp(path.join(tmpdir(), 'easel-embedded-'));
  // As root, the account that PostgreSQL runs as has to pass.
  await chmod(parent, 0o711);
  onTestFinished(() => rm(parent, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  return path.join(parent, name);
}

/** Starts a server that is stopped with the test. */
export async function start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(options);
  onTestFinished(() => server.stop());
  return server;
}

export async function connect(connection: EmbeddedPostgres['connection']): Promise<pg.Client> {
  const client = new pg.Client(connection);
  // A server that stops or dies tells its clients; unheard, that would end the test's process.
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

export async function query(connection: EmbeddedPostgres['connection'], sql: string): Promise<unknown[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

const ownPackage = path.join(import.meta.dirname, '..');

/** Runs JavaScript in a Node of its own, in which `easel` is the module of that name; resolves to the first line that it prints. */
export async function inAnotherNode(
  {
    module,
    code,
    args,
    as = {},
  }: { module: string; code: string; args: string[]; as?: { uid?: number; gid?: number } },
  env: Record<string, string> = {},
) {
  const source = `import * as easel from ${JSON.stringify(path.join(ownPackage, 'src', module))};\n${code}`;
  const child = spawn(
    process.execPath,
    ['--conditions=@easel/source', '--input-type=module', '--eval', source, ...args],
    { ...as, cwd: ownPackage, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  let complaint = '';
  const exited = once(child, 'close');
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('\n')) resolve(said.slice(0, said.indexOf('\n')));
    });
    child.once('close', () => reject(new Error(`the child ended without a word: ${complaint}`)));
  });
  firstLine.catch(() => {});
  return { child, firstLine, exited };
}

/** A generous deadline for what happens soon. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('it did not happen within a minute');
    await sleep(20);
  }
}
