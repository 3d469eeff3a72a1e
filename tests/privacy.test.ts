import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EaselServer, newDataDir, newKey, serveEasel } from './support/easel-server.ts';

/** Every variable of libpq (PostgreSQL: "Environment Variables") and of node-postgres, about a database that is not ours. */
const nonsense = Object.fromEntries(
  [
    'HOST HOSTADDR PORT DATABASE USER PASSWORD PASSFILE REQUIREAUTH CHANNELBINDING SERVICE SERVICEFILE APPNAME REQUIRESSL',
    'SSLNEGOTIATION SSLCOMPRESSION SSLCERT SSLKEY SSLCERTMODE SSLROOTCERT SSLCRL SSLCRLDIR SSLSNI REQUIREPEER',
    'SSLMINPROTOCOLVERSION SSLMAXPROTOCOLVERSION GSSENCMODE KRBSRVNAME GSSLIB GSSDELEGATION CONNECT_TIMEOUT CLIENTENCODING',
    'TARGETSESSIONATTRS LOADBALANCEHOSTS MINPROTOCOLVERSION MAXPROTOCOLVERSION DATESTYLE TZ GEQO SYSCONFDIR LOCALEDIR',
    'DATA BINARY REPLICATION OPTIONS SSLKEYLOGFILE',
  ].flatMap((names) => names.split(' ').map((name) => [`PG${name}`, 'nonsense'])),
);

const isLinux = process.platform === 'linux';
const keys = { adminKey: newKey(), devKey: newKey() };
const secret = 'a secret that no other process needs';
let dataDir: string;
let server: EaselServer;

/** A server in a folder that was there and open to everybody, with a umask that keeps nothing from anybody. */
beforeAll(async () => {
  dataDir = await newDataDir();
  await chmod(dataDir, 0o755);
  await mkdir(join(dataDir, 'images', '3f'), { recursive: true });
  for (const folder of ['images', 'images/3f']) await chmod(join(dataDir, folder), 0o755);
  await writeFile(join(dataDir, 'images', '3f', 'seen'), '');
  const env = {
    ...nonsense,
    PGSSLMODE: 'require',
    EASEL_SECRET: secret,
    NODE_OPTIONS: '--import=data:text/javascript,process.umask(0)',
  };
  server = await serveEasel({ dataDir, keys, env });
  const reply = await fetch(`${server.url}/v1/playground-v2.5`, {
    method: 'POST',
    headers: { 'x-api-key': keys.devKey, 'content-type': 'application/json' },
    body: JSON.stringify({
      prompt: 'a red apple',
      base64: false,
      num_inference_steps: 20,
      img_width: 64,
      img_height: 64,
    }),
  });
  expect(reply.status, server.output()).toBe(200);
});

afterAll(async () => {
  expect(await server.stop(), server.output()).toBe(0);
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

test('the embedded database is deaf to the variables of another one', () => {
  expect(server.output()).not.toMatch(/nonsense|"level":"(warn|error)"/);
});

test.runIf(isLinux)('no process that the server starts has a key, a secret or a variable of a database', async () => {
  const children = await childrenOf(server.process.pid ?? 0);
  expect(children.length).toBeGreaterThanOrEqual(2); // PostgreSQL and the engine
  for (const pid of children) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    expect(environment).not.toContain(secret);
    expect(environment).not.toMatch(/SG_|nonsense|EASEL_(?!MODELS_DIR|DEBUG)/);
  }
});

test.runIf(isLinux)(
  'what Easel keeps is closed to other accounts, whatever the umask and whoever made it before',
  async () => {
    const open: string[] = [];
    for (const entry of await readdir(dataDir, { recursive: true })) {
      const { mode } = await stat(join(dataDir, entry)).catch(() => ({ mode: 0 }));
      // As root, the account of PostgreSQL passes through its folder without listing it. Locks tell nothing but numbers of processes.
      const isPassage = (mode & 0o777) === 0o711 && entry === 'postgres';
      const isLock = /(^|\/)(serve\.lock|start\.lock|user-\d+)$/.test(entry);
      const isProgram = /^postgres\/native-/.test(entry);
      const isUnderClosed = /^(images\/3f\/|postgres\/data\/)/.test(entry);
      if ((mode & 0o077) !== 0 && !isPassage && !isLock && !isProgram && !isUnderClosed) open.push(entry);
    }
    expect(open).toEqual([]);
    expect(await readdir(join(dataDir, 'images'))).not.toHaveLength(0);
  },
);

test.runIf(isLinux)('another account finds no picture, no prompt and no secret', ({ skip }) => {
  if (process.getuid?.() !== 0) skip('only root can act for another account');
  const nobody = { uid: 65_534, gid: 65_534, encoding: 'utf8' } as const;
  const { stdout } = spawnSync('find', [dataDir, '-type', 'f', '-readable'], nobody);
  const found = stdout.split('\n').filter((line) => line !== '' && !line.includes('/native-'));
  expect(found.filter((line) => !/\.lock$/.test(line))).toEqual([]);
  expect(spawnSync('ls', [join(dataDir, 'images')], nobody).status).not.toBe(0);
});

async function childrenOf(parent: number): Promise<number[]> {
  const children: number[] = [];
  for (const name of await readdir('/proc')) {
    const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    // proc_pid_stat(5): the fields after the program's name in parentheses are state and parent.
    if (Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]) === parent) children.push(Number(name));
  }
  return children;
}
