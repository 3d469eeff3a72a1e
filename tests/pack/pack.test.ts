import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { whyNoInstall } from '../install/clone.ts';
import type { Command, Outcome } from '../install/command.ts';
import { InstalledPackages } from './installed-packages.ts';

const repository = resolve(import.meta.dirname, '../..');
const manifests = globSync('packages/*/package.json', { cwd: repository }).map((file) =>
  JSON.parse(readFileSync(join(repository, file), 'utf8')),
);
const jpeg = Buffer.from([0xff, 0xd8, 0xff]);
const succeeds = ({ status, stdout, stderr }: Outcome) =>
  expect(`${stdout}${stderr}\nstatus ${status}`).toMatch(/status 0$/);

describe('the packed packages, installed into an empty folder with npm alone', { timeout: 900_000 }, () => {
  const unreachable = whyNoInstall();
  let easel: InstalledPackages;
  let server: Command | undefined;
  let url = '';
  const keys = { EASEL_ADMIN_KEY: 'SG_00112233445566aa', EASEL_DEV_KEY: 'SG_00112233445566bb' };
  const data = () => join(easel.app, 'data');

  beforeAll(async () => {
    easel = new InstalledPackages();
    if (unreachable !== undefined) return;
    for (const outcome of await easel.packAndInstall()) succeeds(outcome);
    const settings = { ...keys, EASEL_LOG_LEVEL: 'warn', EASEL_DRAIN_SECONDS: '300' };
    const options = ['serve', '--port', '0', '--data-dir', data()];
    server = await easel.startEasel(options, /listens on http:\S+[\s\S]*in a browser/, settings);
    url = /listens on (http:\S+)/.exec(server.output())?.[1] ?? '';
  }, 3_600_000);
  beforeEach((context) => {
    if (unreachable !== undefined) context.skip(unreachable);
  });
  afterAll(async () => {
    if (server !== undefined) {
      process.kill(server.pid, 'SIGTERM');
      await server.outcome;
    }
    easel.remove();
  }, 900_000);

  test('are all of one version, with licence and readme, and hold no tests and no sources', () => {
    const published = manifests.filter((manifest) => manifest.private !== true);
    const version: string = published[0].version;
    expect(version).toMatch(/^[0-9]+\.[1-9]/);
    expect(globSync('*.tgz', { cwd: easel.tarballs }).sort()).toEqual(
      published.map(({ name }) => `${name.replace('@', '').replace('/', '-')}-${version}.tgz`).sort(),
    );
    for (const { name } of published) {
      const folder = join(easel.app, 'node_modules', name);
      for (const file of ['LICENSE', 'NOTICE', 'README.md', 'dist/index.d.ts'])
        if (!(name === '@easel/cli' && file.startsWith('dist')))
          expect(existsSync(join(folder, file)), `${name} ${file}`).toBe(true);
      expect(globSync(['src', '**/*.test.*', '**/*.tsbuildinfo'], { cwd: join(folder, 'dist') }), name).toEqual([]);
    }
  });

  test('easel: help, version, completion, settings', async () => {
    expect(await easel.easel(['--version'])).toMatchObject({ status: 0, stdout: `${manifests[0].version}\n` });
    for (const args of [['--help'], ['completion', 'bash'], ['config', '--data-dir', data()]])
      succeeds(await easel.easel(args));
  });

  test('easel generate makes a picture, and another one out of it', async () => {
    const made = await easel.easel(['generate', 'a red apple', '--steps', '4', '--seed', '7', '-o', 'apple.jpg']);
    succeeds(made);
    const { stdout, status } = await easel.easel(['generate', '--image', 'apple.jpg', 'a panda', '--steps', '4', '-q']);
    expect(status).toBe(0);
    expect(readFileSync(join(easel.app, stdout.trim())).subarray(1, 4).toString()).toBe('PNG');
  });

  test('easel doctor and model inspect find the embedded model', async () => {
    succeeds(await easel.easel(['doctor']));
    const model = await easel.easel(['model', 'inspect', 'demo']);
    succeeds(model);
    expect(model.stdout).toMatch(/unet/i);
  });

  test('easel serve has the page with everything that it loads', async () => {
    const page = await fetch(url, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(200);
    const files = [...(await page.text()).matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, file]) => file ?? '');
    expect(files.some((file) => file.endsWith('.js'))).toBe(true);
    for (const file of files) expect((await fetch(new URL(file, url))).status, file).toBe(200);
  });

  test('easel serve answers the API, also with a picture to start from', async () => {
    const post = (body: object) =>
      fetch(`${url}/v1/playground-v2.5`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': keys.EASEL_DEV_KEY },
        body: JSON.stringify({ prompt: 'a red apple', num_inference_steps: 20, base64: false, ...body }),
      });
    const first = await post({});
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    const bytes = Buffer.from(await first.arrayBuffer());
    expect(bytes.subarray(0, 3)).toEqual(jpeg);
    const second = await post({ image: bytes.toString('base64'), strength: 0.5 });
    expect(second.status).toBe(200);
    expect(Buffer.from(await second.arrayBuffer()).subarray(0, 3)).toEqual(jpeg);
    const description: unknown = await (await fetch(`${url}/openapi.json`)).json();
    expect(description).toMatchObject({ info: { version: manifests[0].version } });
  });

  test('easel worker, keys, credits and generate --server find the running server', async () => {
    const settings = { EASEL_LOG_LEVEL: 'warn' };
    const worker = await easel.startEasel(['worker', '--data-dir', data()], /takes jobs/, settings);
    process.kill(worker.pid, 'SIGTERM');
    succeeds(await worker.outcome);
    const admin = { EASEL_SERVER: url, EASEL_ADMIN_KEY: keys.EASEL_ADMIN_KEY };
    succeeds(await easel.easel(['keys', 'create', 'first', '--account', 'guests', '--new-account'], admin));
    expect((await easel.easel(['keys', 'list'], admin)).stdout).toMatch(/first/);
    succeeds(await easel.easel(['credits', 'show'], { EASEL_SERVER: url, EASEL_API_KEY: keys.EASEL_DEV_KEY }));
    const remote = ['generate', 'a panda', '--server', url, '--steps', '2', '-o', 'remote.png'];
    succeeds(await easel.easel(remote, { EASEL_API_KEY: keys.EASEL_DEV_KEY }));
    expect(existsSync(join(easel.app, 'remote.png'))).toBe(true);
  });

  test('a program of its own uses @easel/client', async () => {
    const code = `import { EaselClient } from '@easel/client';
      const easel = new EaselClient({ baseUrl: process.env.URL, apiKey: process.env.KEY });
      const job = await easel.jobs.run({ prompt: 'a red apple', num_inference_steps: 2 });
      const { bytes } = await easel.images.get(job.images[0].id);
      console.log(job.status, bytes.length > 1000);`;
    const outcome = await easel.program('client.js', code, { URL: url, KEY: keys.EASEL_DEV_KEY });
    expect(outcome).toMatchObject({ status: 0, stdout: 'succeeded true\n' });
  });

  test('a program of its own uses @easel/engine, in its process and in another one', async () => {
    const code = `import { writeFile } from 'node:fs/promises';
      import { demoModelPath } from '@easel/demo-model';
      import { createEngineHost, encodeImage, loadModel } from '@easel/engine';
      const pictures = [];
      for (const model of [await loadModel(demoModelPath), await createEngineHost({ model: 'demo' })]) {
        const { images } = await model.generate({ prompt: 'a red apple', seed: 1, steps: 2 });
        pictures.push(await encodeImage(images[0], { format: 'png' }));
        await model.close();
      }
      await writeFile('engine.png', pictures[0]);
      console.log('differ by', Buffer.compare(...pictures));`;
    const outcome = await easel.program('engine.js', code);
    expect(outcome).toMatchObject({ status: 0, stdout: 'differ by 0\n' });
  });
});
