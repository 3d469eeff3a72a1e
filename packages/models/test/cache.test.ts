import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acceptLicence, installedModels, planPull, resolveModel, runPull } from '../src/index.ts';
import { findInstalled, removeInstalled, verifyInstalled } from '../src/maintain.ts';
import { content, diffusersFiles, sendSome } from './fake-hub.ts';
import { FIRST, failure, place, pull, REPO, rangesAsked, SECOND, single } from './place.ts';

describe('before a pull', () => {
  it('an unknown name is answered with near ones and how to pull them', async () => {
    const at = await place(single);
    const { code, text } = await failure(pull(at, { name: 'playgruond-v2.5' }));
    expect(code).toBe('model_not_found');
    expect(text).toMatch(/did you mean playground-v2\.5.*easel pull playground-v2\.5/);
    expect(() => resolveModel('sdxl-trubo', at.context.env)).toThrow(
      expect.objectContaining({ remedy: expect.stringMatching(/sdxl-turbo\? easel pull/) }),
    );
    expect(() => resolveModel('SDXL', at.context.env)).toThrow(
      expect.objectContaining({ remedy: 'download it with: easel pull SDXL' }),
    );
    expect(() => resolveModel('acme/other', at.context.env)).toThrow(
      expect.objectContaining({ remedy: 'download it with: easel pull acme/other' }),
    );
  });

  it('a licence that asks for something must be accepted, once', async () => {
    const at = await place(single, {
      card: { license: 'other', license_name: 'acme-community', license_link: 'LICENSE.md' },
    });
    const plan = await planPull({ name: REPO }, at.context);
    expect(plan.licence).toEqual({
      name: 'acme-community',
      link: `${at.hub.url}/${REPO}/blob/main/LICENSE.md`,
      needsAcceptance: true,
      isAccepted: false,
    });
    const { code, text } = await failure(runPull(plan, at.context));
    expect(code).toBe('licence_not_accepted');
    expect(text).toMatch(/acme-community of acme\/painter.*--accept-license/);
    expect(existsSync(at.cache)).toBe(false);
    await acceptLicence(REPO, plan.licence, at.context.env);
    await pull(at);
    await pull(at);
  });

  it('nothing is asked of the network offline', async () => {
    const at = await place(single, { env: { HF_HUB_OFFLINE: '1' } });
    expect(await failure(pull(at))).toMatchObject({ code: 'offline' });
    expect(at.hub.asked).toEqual([]);
  });

  it('a disk that is too small is said to be so before anything is downloaded', async () => {
    const at = await place(single);
    at.hub.listed = () => [
      {
        type: 'file',
        path: 'm.safetensors',
        size: 1,
        oid: '0'.repeat(40),
        lfs: { oid: '0'.repeat(64), size: 2 ** 52, pointerSize: 1 },
      },
    ];
    const { code, text } = await failure(pull(at));
    expect(code).toBe('disk_full');
    expect(text).toMatch(/4503599\.63 GB are needed.*nothing was downloaded/);
    expect(rangesAsked(at)).toEqual([]);
  });

  it.each([
    [
      'several weights without a model_index.json',
      { 'a.safetensors': content(3000), 'b.safetensors': content(3000) },
      {},
      /choose one, such as acme\/painter:a\.safetensors/,
    ],
    ['pickles only', { 'a.ckpt': content(3000) }, {}, /pickles.*are not supported/],
    [
      'a file that is a pickle',
      { 'a.ckpt': content(3000) },
      { name: `${REPO}:a.ckpt` },
      /a\.ckpt is not a \.safetensors file/,
    ],
    [
      'a file that is not there',
      single,
      { name: `${REPO}:b.safetensors` },
      /has no file b\.safetensors; its \.safetensors files: model\.safetensors/,
    ],
    [
      'a model without a second text encoder',
      Object.fromEntries(Object.entries(diffusersFiles()).filter(([path]) => !path.startsWith('text_encoder_2'))),
      {},
      /text_encoder_2; it is not a model of the SDXL line/,
    ],
  ])('%s is refused with what helps', async (_what, files, request, help) => {
    const at = await place(files);
    expect((await failure(pull(at, request))).text).toMatch(help);
  });
});

describe('the cache', () => {
  it('has real files where there are no symbolic links', async () => {
    const at = await place(diffusersFiles(20_000), { env: { HF_HUB_DISABLE_SYMLINKS: '1' } });
    const { path, files } = await pull(at);
    for (const file of files) expect(lstatSync(join(path, file.path)).isFile()).toBe(true);
    const model = await findInstalled(REPO, at.context.env);
    const states = (await verifyInstalled(model, at.context.signal)).map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(['intact']));
    const before = at.hub.asked.length;
    await pull(at);
    expect(at.hub.asked.slice(before).filter(({ path: asked }) => asked.includes('/resolve/'))).toEqual([]);
  });

  it('finds what Python tools have put there, and only models', async () => {
    const at = await place(single);
    const [theirs, language] = ['models--them--sdxl', 'models--them--words'].map((name) => join(at.cache, name));
    for (const [repo, file] of [
      [theirs, 'model_index.json'],
      [language, 'model.safetensors'],
    ]) {
      const snapshot = join(repo ?? '', 'snapshots', FIRST);
      mkdirSync(join(repo ?? '', 'refs'), { recursive: true });
      mkdirSync(snapshot, { recursive: true });
      writeFileSync(join(repo ?? '', 'refs', 'main'), FIRST);
      writeFileSync(join(snapshot, file ?? ''), '{}');
    }
    expect(resolveModel('them/sdxl', at.context.env)).toBe(join(theirs ?? '', 'snapshots', FIRST));
    expect((await installedModels(at.context.env)).map(({ name }) => name)).toEqual(['them/sdxl']);
  });

  it('damaged and missing files are found, and downloaded again by a pull that checks', async () => {
    const at = await place(diffusersFiles(20_000));
    const { path } = await pull(at);
    const unet = realpathSync(join(path, 'unet', 'diffusion_pytorch_model.fp16.safetensors'));
    const bytes = readFileSync(unet);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(unet, bytes);
    rmSync(realpathSync(join(path, 'vae', 'config.json')));
    const check = async () => {
      const files = await verifyInstalled(await findInstalled(REPO, at.context.env), at.context.signal);
      return files.filter(({ state }) => state !== 'intact').map(({ path: name, state }) => [name, state]);
    };
    expect(await check()).toEqual([
      ['unet/diffusion_pytorch_model.fp16.safetensors', 'damaged'],
      ['vae/config.json', 'missing'],
    ]);
    expect((await findInstalled(REPO, at.context.env)).path).toBeUndefined();
    await pull(at, {}, { check: true });
    expect(await check()).toEqual([]);
  });

  it('a model that is removed leaves what another revision has', async () => {
    const shared = diffusersFiles(20_000);
    const changed = { ...shared, 'unet/diffusion_pytorch_model.fp16.safetensors': content(20_000) };
    const at = await place(shared, { commits: { [FIRST]: shared, [SECOND]: changed } });
    await pull(at);
    const second = await pull(at, { name: `${REPO}@${SECOND}` });
    const freed = await removeInstalled(await findInstalled(REPO, at.context.env), at.context.env, at.context.signal);
    expect(freed).toBe(20_000);
    const left = await findInstalled(`${REPO}@${SECOND}`, at.context.env);
    expect((await verifyInstalled(left, at.context.signal)).every(({ state }) => state === 'intact')).toBe(true);
    expect(left.path).toBe(second.path);
    expect(await removeInstalled(left, at.context.env, at.context.signal)).toBeGreaterThan(60_000);
    expect(existsSync(at.repoFolder)).toBe(false);
  });

  it('the last single file of a repository goes with its card, its weights in 8 bits and the note of the pull', async () => {
    const files = { 'README.md': content(100), 'a.safetensors': content(3000), 'b.safetensors': content(3000) };
    const at = await place(files);
    const { env, signal } = at.context;
    const remove = async (name: string) => removeInstalled(await findInstalled(name, env), env, signal);
    for (const name of ['a', 'b']) {
      const { path } = await pull(at, { name: `${REPO}:${name}.safetensors` });
      writeFileSync(path.replace('.safetensors', '.int8'), content(500));
    }
    await remove(`${REPO}:a.safetensors`);
    expect(readdirSync(join(at.repoFolder, 'snapshots', FIRST)).sort()).toEqual([
      'README.md',
      'b.int8',
      'b.safetensors',
    ]);
    expect((await installedModels(env)).map(({ name }) => name)).toEqual([`${REPO}:b.safetensors`]);
    await remove(`${REPO}:b.safetensors`);
    expect(await installedModels(env)).toEqual([]);
    expect(existsSync(at.repoFolder)).toBe(false);
  });

  it('a second pull of the same repository waits, says so, and downloads nothing twice', async () => {
    const at = await place(single);
    const held: (() => void)[] = [];
    at.hub.onStore = (request, reply, body) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.push(resolve);
      void promise.then(() => sendSome(body.length, () => reply.end())(request, reply, body));
      return true;
    };
    const plan = await planPull({ name: REPO }, at.context);
    const first = runPull(plan, at.context);
    await expect.poll(() => held.length).toBeGreaterThan(0);
    const waiting = Promise.withResolvers<number>();
    const second = runPull(plan, at.context, { onWaiting: ({ pid }) => waiting.resolve(pid) });
    expect(await waiting.promise).toBe(process.pid);
    at.hub.onStore = () => false;
    for (const go of held) go();
    await Promise.all([first, second]);
    const ranges = rangesAsked(at);
    expect(new Set(ranges).size).toBe(ranges.length);
  });
});
