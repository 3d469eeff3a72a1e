import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tryFileLock } from '@easel/embedded-postgres';
import { cudaDriverProblem, cudaFiles, runtimeLibrary, runtimeVersion } from '@easel/engine';
import { describe, expect, it } from 'vitest';
import { startProxy } from '../../../../tests/support/connect-proxy.ts';
import { leftBehind, planCuda, removeLeftBehind } from '../../src/device/install-cuda.ts';
import { easel, runEasel, startEasel, temporaryFolder } from '../run-easel.ts';
import { mayMount, onSmallDisk } from '../small-disk.ts';
import {
  type FakeIndex,
  type FakeWheel,
  type Serve,
  servePart,
  serveWhole,
  startIndex,
  wheelOf,
} from './fake-index.ts';

const main = fileURLToPath(new URL('small-packages.ts', import.meta.url));
/** `script` of util-linux gives a command a terminal. */
const hasScript = spawnSync('script', ['--version']).status === 0;
const isLinux = `${process.platform}-${process.arch}` === 'linux-x64';

/** A folder for devices, and easel with these packages. */
function setUp(wheels: readonly FakeWheel[]) {
  const cwd = temporaryFolder();
  const devices = join(cwd, 'share', 'easel', 'devices');
  writeFileSync(join(cwd, 'packages.json'), JSON.stringify(wheels.map(({ pin }) => pin)));
  const env = { XDG_DATA_HOME: join(cwd, 'share'), PIP_INDEX_URL: '', EASEL_DEVICES_DIR: '' };
  const program = [...easel.slice(0, -1), main, join(cwd, 'packages.json')];
  const options = { cwd, env, program };
  const install = ({ url }: Pick<FakeIndex, 'url'>, ...more: string[]) =>
    runEasel(['device', 'install', 'cuda', '--yes', '--index', url, ...more], options);
  /** What is there, besides the lock of a process that runs. */
  const left = () => (existsSync(devices) ? readdirSync(devices).filter((name) => name !== 'cuda.lock') : []);
  return { cwd, devices, cuda: join(devices, 'cuda'), env, options, install, left };
}

const two = [wheelOf('cublas'), wheelOf('cudnn', 500_000)];

describe.skipIf(!isLinux)('easel device install cuda (Linux x64)', () => {
  it.each([['JSON', false] as const, ['HTML', true] as const])(
    'installs what an index lists in %s',
    async (_, html) => {
      const { cuda, env, install, left } = setUp(two);
      const index = await startIndex(two, { html });
      const { status, stdout, stderr } = await install(index);
      expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/^100 % of .* \(cudnn 1\.0\)/m) });
      expect(stdout).toContain(`installed in ${cuda}`);
      expect(left()).toEqual(['cuda']);
      expect(readdirSync(cuda, { recursive: true }).map(String).sort()).toEqual(
        [
          'lib',
          'lib/libcublas.so.13',
          'lib/libcudnn.so.13',
          `lib/${basename(runtimeLibrary())}`,
          'licences',
          'licences/cublas',
          'licences/cublas/License.txt',
          'licences/cudnn',
          'licences/cudnn/License.txt',
          'manifest.json',
        ].sort(),
      );
      const found = cudaFiles(env);
      if (found.state !== 'installed') throw new Error(`it is ${found.state}`);
      expect(found.manifest.runtime).toBe(runtimeVersion());
      for (const { path, sha256 } of found.manifest.files) {
        expect(
          createHash('sha256')
            .update(readFileSync(join(cuda, path)))
            .digest('hex'),
        ).toBe(sha256);
      }
    },
  );

  it('does nothing when it is installed already, and is removed on request', async () => {
    const { cuda, options, install, left } = setUp(two);
    const index = await startIndex(two);
    await install(index);
    const before = index.requests.length;
    const again = await install(index);
    expect(again).toMatchObject({ status: 0, stdout: `already installed in ${cuda}\n` });
    expect(index.requests).toHaveLength(before);
    const remove = () => runEasel(['device', 'remove', 'cuda'], options);
    expect(await remove()).toMatchObject({ status: 0, stdout: `removed ${cuda}\n` });
    expect(left()).toEqual([]);
    expect(await remove()).toMatchObject({ status: 0, stdout: `nothing is installed in ${cuda}\n` });
  });

  it('prints the plan with --dry-run: packages, sizes, licences, free space; and requests nothing', async () => {
    const { cuda, options, left } = setUp(two);
    const index = await startIndex(two);
    const plan = ['device', 'install', 'cuda', '--dry-run', '--index', index.url];
    const { status, stdout } = await runEasel(plan, options);
    expect(status).toBe(0);
    for (const part of [cuda, index.url, 'Licence of cudnn', 'https://example.com/cudnn', ' are free', '0.5 MB']) {
      expect(stdout).toContain(part);
    }
    const json: unknown = JSON.parse((await runEasel([...plan, '--json'], options)).stdout);
    expect(json).toMatchObject({
      state: 'planned',
      folder: cuda,
      downloadBytes: sum(two),
      freeBytes: expect.any(Number),
    });
    expect([index.requests, left()]).toEqual([[], []]);
  });

  it('without a terminal and without --yes refuses, and requests nothing', async () => {
    const { options, left } = setUp(two);
    const index = await startIndex(two);
    const { status, stderr } = await runEasel(['device', 'install', 'cuda', '--index', index.url], options);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('then add --yes') });
    expect([index.requests, left()]).toEqual([[], []]);
  });

  it.skipIf(!hasScript)('asks on a terminal: yes installs, anything else does not', async () => {
    const { cwd, options, left } = setUp(two);
    const index = await startIndex(two);
    const answer = (text: string) => {
      const command = [...options.program, 'device', 'install', 'cuda', '--index', index.url];
      const program = ['script', '--quiet', '--return', '--command', command.join(' '), join(cwd, 'typescript')];
      return runEasel([], { ...options, program, stdin: text });
    };
    expect(await answer('n\n')).toMatchObject({ status: 1, stdout: expect.stringContaining('nothing was installed') });
    expect(await answer('\n')).toMatchObject({ status: 1 });
    expect([index.requests, left()]).toEqual([[], []]);
    expect(await answer('y\n')).toMatchObject({ status: 0, stdout: expect.stringMatching(/\[y\/N\].*installed in/s) });
    expect(left()).toEqual(['cuda']);
  });

  it('says before the download that the driver is missing, where it is', async () => {
    const { options } = setUp(two);
    const { stdout } = await runEasel(['device', 'install', 'cuda', '--dry-run'], options);
    const problem = cudaDriverProblem();
    if (problem === undefined) expect(stdout).not.toContain('CUDA cannot be used yet');
    else expect(stdout).toContain(`CUDA cannot be used yet: ${problem.reason}`);
  });

  it('fails before it downloads where it cannot write, and says where else it can', async () => {
    const { options } = setUp(two);
    const index = await startIndex(two);
    const env = { ...options.env, EASEL_DEVICES_DIR: '/proc/easel/devices' };
    const args = ['device', 'install', 'cuda', '--yes', '--index', index.url];
    const { status, stderr } = await runEasel(args, { ...options, env });
    const message = /cannot (?:write|save) in \/proc.*|are needed in \/proc.*/;
    expect({ status, stderr }).toEqual({ status: expect.any(Number), stderr: expect.stringMatching(message) });
    expect([status === 0, stderr.includes('EASEL_DEVICES_DIR'), index.requests]).toEqual([false, true, []]);
  });

  it('replaces libraries that were installed for another version of the runtime', async () => {
    const { cuda, env, options, install } = setUp(two);
    const index = await startIndex(two);
    await install(index);
    const manifest = join(cuda, 'manifest.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/"runtime": ".*?"/, '"runtime": "1.2.3"'));
    const { stdout } = await runEasel(['device', 'list'], options);
    expect(stdout).toMatch(/ONNX Runtime 1\.2\.3, and this release.*\n.*easel device install cuda/);
    const again = await install(index);
    expect(again.stdout).toMatch(/Installed libraries are replaced: .* 1\.2\.3/);
    expect(cudaFiles(env)).toMatchObject({ state: 'installed', manifest: { runtime: runtimeVersion() } });
  });
});

const failures: readonly (readonly [
  name: string,
  wheels: readonly FakeWheel[],
  serve: readonly Serve[],
  message: RegExp,
])[] = [
  [
    'with a byte changed on the way',
    two,
    [serveWhole, changed],
    /is not the published file \(expected SHA-256 \w{64}\)/,
  ],
  [
    'that is longer than the published one',
    two,
    [serveWhole, longer],
    /has not the \d+ bytes that it should have: the server says that it has \d+/,
  ],
  [
    'that the server does not have',
    two,
    [serveWhole, (_, __, reply) => reply.writeHead(404).end()],
    /answered 404 Not Found/,
  ],
  [
    'that lacks a library',
    [wheelOf('cublas'), without(wheelOf('cudnn'))],
    [serveWhole],
    /has no nvidia\/lib\/other\.so/,
  ],
  [
    'that holds a library twice',
    [wheelOf('cublas'), twice('cudnn')],
    [serveWhole],
    /has nvidia\/lib\/libcudnn\.so\.13 twice/,
  ],
  ['that is no archive', [wheelOf('cublas'), noArchive('cudnn')], [serveWhole], /is not a ZIP archive/],
];

describe.skipIf(!isLinux)('a package', () => {
  it.each(failures)('%s is refused, and nothing stays', async (_name, wheels, serve, message) => {
    const { install, left } = setUp(wheels);
    const { status, stderr } = await install(await startIndex(wheels, { serve }));
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(message) });
    expect(left()).toEqual([]);
  });

  it('that the index lists with another hash is not downloaded', async () => {
    const { install } = setUp(two);
    const index = await startIndex(two, { listedHash: '0'.repeat(64) });
    const { status, stderr } = await install(index);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('with another content') });
    expect(index.requests.map(({ path }) => path)).toEqual(['/simple/cublas/']);
  });

  it('that fails leaves the libraries that were installed before', async () => {
    const { cuda, env, install } = setUp(two);
    await install(await startIndex(two));
    writeFileSync(join(cuda, 'lib', 'libcublas.so.13'), 'cut');
    const { status } = await install(await startIndex(two, { serve: [changed] }));
    expect([status, cudaFiles(env).state]).toEqual([1, 'unusable']);
    expect(readFileSync(join(cuda, 'lib', 'libcublas.so.13'), 'utf8')).toBe('cut');
  });

  it('cannot write outside the folder, whatever its members are called', async () => {
    const names = ['../../../../outside', '/tmp/easel-outside', '..\\outside', 'lib/../../outside'];
    const wheels = [
      wheelOf(
        'cublas',
        1000,
        names.map((name) => [name, Buffer.from('x')] as const),
      ),
    ];
    const { cwd, install, left } = setUp(wheels);
    expect(await install(await startIndex(wheels))).toMatchObject({ status: 0 });
    expect(left()).toEqual(['cuda']);
    expect(readdirSync(cwd, { recursive: true }).filter((name) => String(name).includes('outside'))).toEqual([]);
    expect(existsSync('/tmp/easel-outside')).toBe(false);
  });
});

describe.skipIf(!isLinux)('a download', () => {
  it('that is cut goes on where it was, with the same file', async () => {
    const { install } = setUp(two);
    const cut = servePart(0.5, (reply) => reply.destroy());
    const index = await startIndex(two, { serve: [cut, serveWhole] });
    expect(await install(index)).toMatchObject({ status: 0 });
    const ranges = index.requests.filter(({ path }) => path.includes('cublas-1.0')).map(({ range }) => range);
    expect(ranges).toEqual([expect.stringMatching(/^bytes=0-\d+$/), expect.stringMatching(/^bytes=[1-9]\d+-\d+$/)]);
  });

  it('that ends early again and again, such as a page in its place, is an error', async () => {
    const { install, left } = setUp(two);
    const page: Serve = (_wheel, _request, reply) => reply.writeHead(200).end('<html>sign in</html>');
    const index = await startIndex(two, { serve: Array.from({ length: 20 }, () => page) });
    const { status, stderr } = await install(index);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/ended the reply after 20 of \d+ bytes/),
    });
    expect(left()).toEqual([]);
  });

  it('that is cut begins again where the server sends no parts, or sends an error in between', async () => {
    const { install } = setUp(two);
    const cut = servePart(0.5, (reply) => reply.destroy());
    const busy: Serve = (_wheel, _request, reply) => reply.writeHead(503).end('busy');
    const whole: Serve = ({ content }, _request, reply) => reply.end(content);
    expect(await install(await startIndex(two, { serve: [cut, busy, whole] }))).toMatchObject({ status: 0 });
  });

  it('is refused to a second process while one installs, and the first goes on', async () => {
    const { install, options, left } = setUp(two);
    const held = hold();
    const index = await startIndex(two, { serve: [held.serve, serveWhole] });
    const first = startEasel(['device', 'install', 'cuda', '--yes', '--index', index.url], options);
    await held.begun;
    const second = await install(index);
    expect(second).toMatchObject({ status: 1, stderr: expect.stringContaining(`process ${first.process.pid} is`) });
    const remove = await runEasel(['device', 'remove', 'cuda'], options);
    expect(remove.stdout).toContain('nothing is installed');
    held.release();
    expect(await first.finished).toMatchObject({ status: 0 });
    expect(left()).toEqual(['cuda']);
  });

  it.each([['SIGINT', 130] as const, ['SIGTERM', 143] as const])(
    'stopped by %s leaves nothing',
    async (signal, expected) => {
      const { options, left } = setUp(two);
      const held = hold();
      const index = await startIndex(two, { serve: [serveWhole, held.serve] });
      const run = startEasel(['device', 'install', 'cuda', '--yes', '--index', index.url], options);
      await held.begun;
      run.process.kill(signal);
      expect(await run.finished).toMatchObject({ status: expected });
      expect(left()).toEqual([]);
    },
  );

  it('of a process that was killed is told by list, and removed by remove; that of one at work stays', async () => {
    const { devices, options, left } = setUp(two);
    const ended = spawnSync(process.execPath, ['--version']).pid;
    const drafts = [ended, process.ppid].map((pid) => `cuda.installing-${pid}`);
    for (const draft of drafts) mkdirSync(join(devices, draft), { recursive: true });
    writeFileSync(join(devices, drafts[0] ?? '', 'package.whl'), Buffer.alloc(2_000_000));
    const { files, bytes } = await leftBehind(join(devices, 'cuda'));
    expect([files, bytes]).toEqual([[join(devices, drafts[0] ?? '')], 2_000_000]);
    const { stdout } = await runEasel(['device', 'list'], options);
    expect(stdout).toContain('2.0 MB of an installation that was cut off are left: easel device remove cuda');
    const removed = await runEasel(['device', 'remove', 'cuda'], options);
    expect(removed.stdout).toMatch(/^nothing is installed in .*\nremoved 2\.0 MB that an installation/);
    expect(left()).toEqual([drafts[1]]);
  });

  it('of a process that was killed is removed before the free space is looked at, unless another process is at work', async () => {
    const { cuda, devices } = setUp(two);
    const draft = `cuda.installing-${spawnSync(process.execPath, ['--version']).pid}`;
    mkdirSync(join(devices, draft), { recursive: true });
    const attempt = await tryFileLock(join(devices, 'cuda.lock'));
    if (!('lock' in attempt)) throw new Error('the lock is taken');
    expect((await removeLeftBehind(cuda)).files).toEqual([]);
    await attempt.lock.release();
    expect((await removeLeftBehind(cuda)).files).toEqual([join(devices, draft)]);
    expect(readdirSync(devices)).toEqual([]);
  });

  it('of a process that was killed is cleared away by the next one', async () => {
    const { options, install, left } = setUp(two);
    const held = hold();
    const index = await startIndex(two, { serve: [held.serve, serveWhole] });
    const run = startEasel(['device', 'install', 'cuda', '--yes', '--index', index.url], options);
    await held.begun;
    run.process.kill('SIGKILL');
    await run.finished;
    expect(left()).toEqual([expect.stringMatching(/^cuda\.installing-/)]);
    expect(await install(index)).toMatchObject({ status: 0 });
    expect(left()).toEqual(['cuda']);
  });

  it('sends the password of an index to the index only, and never prints it', async () => {
    const { options } = setUp(two);
    const files = await startIndex(two);
    const index = await startIndex(two, { filesAt: files.url.replace('/simple', '/files') });
    const env = { ...options.env, PIP_INDEX_URL: index.url.replace('http://', 'http://me:secret%21@') };
    const { status, stdout, stderr } = await runEasel(['device', 'install', 'cuda', '--yes'], { ...options, env });
    expect(status).toBe(0);
    const basic = `Basic ${Buffer.from('me:secret!').toString('base64')}`;
    expect(index.requests.map(({ authorization }) => authorization)).toEqual([basic, basic]);
    expect(files.requests.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
    expect(stdout + stderr).not.toMatch(/secret/);
  });

  it('goes through the proxy of the environment', async () => {
    const { options } = setUp(two);
    const index = await startIndex(two);
    const proxy = await startProxy();
    const env = { ...options.env, HTTP_PROXY: proxy.url, http_proxy: '', NO_PROXY: '', no_proxy: '' };
    const args = ['device', 'install', 'cuda', '--yes', '--index', index.url];
    expect(await runEasel(args, { ...options, env })).toMatchObject({ status: 0 });
    expect(proxy.targets).toContain(new URL(index.url).host);
  });

  it('from an index that cannot be reached fails with what helps', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    server.close();
    await once(server, 'close');
    const port = typeof address === 'object' ? address?.port : undefined;
    const { install } = setUp(two);
    const { status, stderr } = await install({ url: `http://127.0.0.1:${port}/simple` });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/ECONNREFUSED.*\n.*HTTPS_PROXY/) });
  });
});

describe.skipIf(!isLinux || !mayMount)('a full disk (needs Linux with user namespaces)', () => {
  it('is found before anything is downloaded', async () => {
    const { cwd, options } = setUp(two);
    mkdirSync(join(cwd, 'disk'));
    const index = await startIndex(two);
    const { status, stderr } = await runEasel(['device', 'install', 'cuda', '--yes', '--index', index.url], {
      ...options,
      env: { ...options.env, EASEL_DEVICES_DIR: join(cwd, 'disk', 'devices') },
      wrapper: onSmallDisk(cwd, 1_000_000),
    });
    expect({ status, stderr }).toEqual({
      status: 4,
      stderr: expect.stringMatching(/0\.05 GB are needed .* 0\.00 GB are free/),
    });
    expect(index.requests).toEqual([]);
  });

  it('while unpacking leaves nothing', async () => {
    const zeros = 'nvidia/lib/libzeros.so.13'; // small in the archive, and larger than the disk
    const { pin, content } = wheelOf('cublas', 1000, [[zeros, Buffer.alloc(100_000_000)]]);
    const wheels = [{ content, pin: { ...pin, libraries: [...pin.libraries, zeros] } }];
    const { cwd, options } = setUp(wheels);
    mkdirSync(join(cwd, 'disk'));
    const index = await startIndex(wheels);
    const { status, stderr } = await runEasel(['device', 'install', 'cuda', '--yes', '--quiet', '--index', index.url], {
      ...options,
      env: { ...options.env, EASEL_DEVICES_DIR: join(cwd, 'disk', 'devices') },
      wrapper: onSmallDisk(cwd, 70_000_000),
    });
    expect(stderr).toMatch(/cannot write in .*: the disk is full; nothing was installed/);
    expect(stderr).toMatch(/\ndevices\n$/); // what is on the disk at the end …
    expect([status, stderr.includes('cuda.installing')]).toEqual([4, false]);
  });
});

it('refuses platforms for which there is no CUDA provider, and says what there is instead', async () => {
  for (const platform of ['linux-arm64', 'darwin-arm64', 'win32-x64']) {
    await expect(planCuda([], {}, platform)).rejects.toMatchObject({
      code: 'device_install_failed',
      message: expect.stringContaining(`(this is ${platform})`),
    });
  }
});

it('refuses a folder whose name would split the list of library folders', async () => {
  const env = { EASEL_DEVICES_DIR: '/a:b' };
  await expect(planCuda([], env, 'linux-x64')).rejects.toMatchObject({ message: expect.stringContaining('":"') });
});

function sum(wheels: readonly FakeWheel[]): number {
  return wheels.reduce((total, { content }) => total + content.length, 0);
}

function changed(...[{ content }, , reply]: Parameters<Serve>): void {
  const bytes = Buffer.from(content);
  bytes[5000] = (bytes[5000] ?? 0) ^ 1;
  reply.end(bytes);
}

function longer(...[{ content }, , reply]: Parameters<Serve>): void {
  reply.end(Buffer.concat([content, Buffer.from('x')]));
}

function without({ pin, content }: FakeWheel): FakeWheel {
  return { content, pin: { ...pin, libraries: [...pin.libraries, 'nvidia/lib/other.so'] } };
}

function twice(name: string): FakeWheel {
  return wheelOf(name, 1000, [[`nvidia/lib/lib${name}.so.13`, Buffer.from('x')]]);
}

function noArchive(name: string): FakeWheel {
  const content = Buffer.from('<html>Please sign in</html>');
  const { pin } = wheelOf(name, 1000);
  return {
    content,
    pin: { ...pin, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') },
  };
}

/** Sends half of a file, and the rest when it is released. */
function hold() {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  let release = () => {};
  const serve: Serve = (wheel, request, reply) => {
    const rest = wheel.content.subarray(Math.floor(wheel.content.length / 2));
    servePart(0.5, (held: ServerResponse) => {
      release = () => void held.end(rest);
      resolve();
    })(wheel, request, reply);
  };
  return { serve, begun, release: () => release() };
}
