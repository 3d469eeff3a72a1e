import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acceptLicence, installedModels, planPull, resolveModel, runPull } from '../src/index.ts';
import { content, diffusersFiles, type FakeHub, type FakeRepo, sendSome, sha256, startHub } from './fake-hub.ts';
import {
  Arrivals,
  FIRST,
  failure,
  folder,
  pathOf,
  place,
  pull,
  REPO,
  rangesAsked,
  SECOND,
  single,
  weights,
} from './place.ts';

describe('a pull', () => {
  it('puts what the engine needs, and nothing else, into the cache that Python tools share', async () => {
    const files = diffusersFiles();
    const at = await place(files);
    const plan = await pull(at);
    const snapshot = join(at.repoFolder, 'snapshots', FIRST);
    expect(plan.path).toBe(snapshot);
    const expected = Object.keys(files).filter(
      (path) => !/\.bin$|\.onnx$|\.png$|gitattributes|^sd_xl|^model\.fp16|(model|_model)\.safetensors$/.test(path),
    );
    const found = readdirSync(snapshot, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(snapshot.length + 1));
    expect(found.sort()).toEqual(expected.sort());
    for (const path of expected)
      expect(readFileSync(join(snapshot, path)).equals(files[path] ?? Buffer.alloc(0))).toBe(true);
    const unet = files['unet/diffusion_pytorch_model.fp16.safetensors'] ?? Buffer.alloc(0);
    const link = join(snapshot, 'unet', 'diffusion_pytorch_model.fp16.safetensors');
    expect(readlinkSync(link)).toBe(`../../../blobs/${sha256(unet)}`);
    expect(readFileSync(join(at.repoFolder, 'refs', 'main'), 'utf8')).toBe(FIRST);
    expect(readdirSync(join(at.repoFolder, 'blobs')).filter((name) => name.includes('incomplete'))).toEqual([]);
    expect(resolveModel(REPO, at.context.env)).toBe(snapshot);
  });

  it('takes the other precision when it is asked for', async () => {
    const at = await place(diffusersFiles());
    const { files } = await planPull({ name: REPO, variant: 'fp32' }, at.context);
    const paths = files.map(({ path }) => path).filter((path) => path.endsWith('.safetensors'));
    expect(paths).toEqual([
      'text_encoder/model.safetensors',
      'text_encoder_2/model.safetensors',
      'unet/diffusion_pytorch_model.safetensors',
      'vae/diffusion_pytorch_model.safetensors',
    ]);
  });

  it('takes the shards of large weights with their index, and only those of one precision', async () => {
    const { 'unet/diffusion_pytorch_model.safetensors': _whole, ...files } = diffusersFiles();
    const shard = (name: string) => `unet/diffusion_pytorch_model${name}`;
    const shards = ['-00001-of-00002.safetensors', '-00002-of-00002.safetensors', '.safetensors.index.json'].map(shard);
    const at = await place({ ...files, ...Object.fromEntries(shards.map((path) => [path, content(3000)])) });
    const { files: chosen } = await planPull({ name: REPO, variant: 'fp32' }, at.context);
    const unet = chosen.map(({ path }) => path).filter((path) => path.startsWith('unet/'));
    expect(unet).toEqual([...shards, 'unet/config.json']);
  });

  it('asks for nothing again that is there', async () => {
    const at = await place(single);
    await pull(at);
    const before = at.hub.asked.length;
    await pull(at);
    expect(at.hub.asked.slice(before).filter(({ path }) => !path.startsWith('/api/'))).toEqual([]);
  });

  it('goes on where a connection was cut', async () => {
    const at = await place(single);
    const arrivals = new Arrivals();
    let cuts = 0;
    at.hub.onStore = (request, reply, body) =>
      cuts++ < 4 && sendSome(10_000, () => arrivals.reach(10_000, () => reply.destroy()))(request, reply, body);
    await pull(at, {}, arrivals);
    expect(readFileSync(pathOf(at)).equals(weights)).toBe(true);
    const starts = rangesAsked(at).map((range) => Number(/=(\d+)-/.exec(range ?? '')?.[1]));
    // What is asked for after a cut begins inside a part, where the cut was.
    expect(starts.filter((start) => start % 32_768 !== 0).length).toBeGreaterThan(0);
  });

  it('goes on in the next attempt where the last one failed, and asks only for what is missing', async () => {
    const at = await place(single);
    const arrivals = new Arrivals();
    let sent = 0;
    at.hub.onStore = (_request, reply) => {
      if (++sent <= 5) return false;
      arrivals.reach(32_768, () => reply.writeHead(404).end());
      return true;
    };
    expect(await failure(pull(at, {}, arrivals))).toMatchObject({ code: 'download_failed' });
    expect(existsSync(pathOf(at))).toBe(false);
    expect(existsSync(join(at.repoFolder, 'refs', 'main'))).toBe(false);
    const kept = JSON.parse(
      readFileSync(join(at.repoFolder, 'blobs', `${sha256(weights)}.easel.incomplete.json`), 'utf8'),
    );
    expect(kept.ranges.length).toBeGreaterThan(0);
    const before = at.hub.asked.length;
    at.hub.onStore = () => false;
    await pull(at);
    const asked = at.hub.asked.slice(before).flatMap(({ at: server, range = '' }) => {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
      return server === 'store' ? [[Number(from), Number(to) + 1]] : [];
    });
    for (const [start = 0, end = 0] of kept.ranges) {
      for (const [from = 0, to = 0] of asked) expect(to <= start || from >= end).toBe(true);
    }
    expect(readFileSync(pathOf(at)).equals(weights)).toBe(true);
  });

  it('stops at once when it is cancelled, and keeps what has arrived', async () => {
    const at = await place(single);
    const controller = new AbortController();
    at.hub.onStore = sendSome(20_000, () => controller.abort(new Error('enough')));
    const context = { ...at.context, signal: controller.signal };
    await expect(planPull({ name: REPO }, context).then((plan) => runPull(plan, context))).rejects.toThrow('enough');
    expect(readdirSync(join(at.repoFolder, 'blobs'))).toContain(`${sha256(weights)}.easel.incomplete`);
    at.hub.onStore = () => false;
    await pull(at);
    expect(readFileSync(pathOf(at)).equals(weights)).toBe(true);
  });

  it('downloads again what arrived damaged, and says so when it stays damaged', async () => {
    const at = await place(single);
    const damaged = Buffer.from(weights);
    damaged[123_456] = (damaged[123_456] ?? 0) ^ 1;
    let bad = 10; // every part of the first attempt
    const send = (request: Parameters<FakeHub['onStore']>[0], reply: Parameters<FakeHub['onStore']>[1]) =>
      sendSome(40_000, () => reply.end())(request, reply, damaged);
    at.hub.onStore = (request, reply) => bad-- > 0 && send(request, reply);
    await pull(at);
    expect(readFileSync(pathOf(at)).equals(weights)).toBe(true);

    const other = await place(single);
    other.hub.onStore = send;
    expect(await failure(pull(other))).toEqual({
      code: 'download_corrupt',
      text: expect.stringMatching(/model\.safetensors arrived twice with another content.*discarded/),
    });
    expect(existsSync(pathOf(other))).toBe(false);
    expect(existsSync(join(other.repoFolder, 'blobs', sha256(weights)))).toBe(false);
  });

  it('checks small files, which git keeps, as well', async () => {
    const at = await place({ ...single, 'README.md': Buffer.from('# A model') });
    at.hub.onHub = ({ url }, reply) => {
      if (!url?.endsWith('/README.md')) return false;
      reply.writeHead(200).end('# A mOdel');
      return true;
    };
    expect(await failure(pull(at))).toMatchObject({ code: 'download_corrupt' });
  });

  it.each<[what: string, answer: FakeHub['onStore']]>([
    [
      'another length of the file',
      (_request, reply) => {
        reply.writeHead(206, { 'content-range': 'bytes 0-9/10' }).end('0123456789');
        return true;
      },
    ],
    [
      'another length of the reply',
      (_request, reply) => {
        reply.writeHead(200, { 'content-length': 5 }).end('01234');
        return true;
      },
    ],
    [
      'more than was asked for',
      (request, reply, body) => {
        const start = Number(/=(\d+)-/.exec(request.headers.range ?? '')?.[1]);
        reply
          .writeHead(206, { 'content-range': `bytes ${start}-${start + 9}/${body.length}` })
          .end(body.subarray(0, 200_000));
        return true;
      },
    ],
  ])('refuses %s', async (_what, answer) => {
    const at = await place(single);
    at.hub.onStore = answer;
    expect(await failure(pull(at))).toMatchObject({
      code: 'download_corrupt',
      text: expect.stringContaining('300000 bytes'),
    });
    expect(existsSync(pathOf(at))).toBe(false);
  });

  it('downloads from a server that sends whole files only', async () => {
    const at = await place(single);
    at.hub.onStore = (_request, reply, body) => {
      reply.writeHead(200, { 'content-length': body.length }).end(body);
      return true;
    };
    await pull(at);
    expect(readFileSync(pathOf(at)).equals(weights)).toBe(true);
  });

  it('gives up where such a server ends every reply early, however much it sends', async () => {
    const at = await place(single);
    let replies = 0;
    at.hub.onStore = (_request, reply, body) => {
      replies += 1;
      reply.writeHead(200).end(body.subarray(0, 200_000));
      return true;
    };
    const { code, text } = await failure(pull(at));
    expect({ code, text }).toEqual({
      code: 'download_failed',
      text: expect.stringContaining('ended the reply after 200000 of 300000 bytes'),
    });
    expect(replies).toBeLessThan(20);
  });

  it('asks the Hub again when a link of the store has expired', async () => {
    const at = await place(single);
    const used = new Set<string>();
    at.hub.onStore = ({ url = '' }, reply) => {
      const isFirst = !used.has(url);
      used.add(url);
      if (isFirst) return false;
      reply.writeHead(403).end('expired');
      return true;
    };
    await pull(at);
    expect(readFileSync(pathOf(at)).equals(weights)).toBe(true);
  });

  it('takes everything from the commit that the branch was at the beginning', async () => {
    const old = diffusersFiles(20_000);
    const repo: FakeRepo = {
      commits: { [FIRST]: old, [SECOND]: diffusersFiles(20_000) },
      main: FIRST,
    };
    const home = folder();
    const moving = await startHub({ [REPO]: repo });
    moving.onStore = () => {
      repo.main = SECOND;
      return false;
    };
    const context = {
      env: { HOME: home, HF_ENDPOINT: moving.url, XDG_DATA_HOME: home },
      signal: new AbortController().signal,
      retryMs: 1,
    };
    await acceptLicence(REPO, { name: undefined }, context.env);
    const plan = await pull({ context });
    expect(repo.main).toBe(SECOND);
    for (const { path } of plan.files)
      expect(readFileSync(join(plan.path, path)).equals(old[path] ?? Buffer.alloc(0))).toBe(true);
    expect(new Set(moving.asked.flatMap(({ path }) => /\/resolve\/(\w+)\//.exec(path)?.[1] ?? []))).toEqual(
      new Set([FIRST]),
    );
    const newer = await pull({ context });
    expect(newer.commit).toBe(SECOND);
    expect((await installedModels(context.env)).map(({ commit, name }) => [commit, name])).toEqual([
      [FIRST, `${REPO}@${FIRST}`],
      [SECOND, REPO],
    ]);
  });
});

describe('answers of the Hub', () => {
  it.each<[status: number, headers: Record<string, string>, code: string, help: RegExp]>([
    [
      401,
      { 'x-error-code': 'RepoNotFound' },
      'download_refused',
      /acme\/painter was not found.*check the name; if it is private, set HF_TOKEN/,
    ],
    [
      403,
      { 'x-error-code': 'GatedRepo' },
      'download_refused',
      /open http:.*acme\/painter, accept its terms, make a token and set HF_TOKEN/,
    ],
    [404, { 'x-error-code': 'RevisionNotFound' }, 'download_refused', /acme\/painter has no such revision/],
    [429, { 'retry-after': '0' }, 'download_failed', /429.*goes on where it stopped/],
    [429, { 'retry-after': '3600' }, 'download_failed', /asks to wait 60 minutes/],
    [503, {}, 'download_failed', /503/],
    [418, {}, 'download_failed', /418/],
  ])('%s %j: %s', async (status, headers, code, help) => {
    const at = await place(single);
    at.hub.onHub = (_request, reply) => {
      reply.writeHead(status, headers).end();
      return true;
    };
    const { code: got, text } = await failure(pull(at));
    expect(got).toBe(code);
    expect(text).toMatch(help);
  });

  it('tries again after 429 and 5xx, of lists and of files', async () => {
    const at = await place(single);
    let [hubFails, storeFails] = [3, 3];
    const fail = (status: number, reply: Parameters<FakeHub['onHub']>[1]) => {
      reply.writeHead(status, { 'retry-after': '0' }).end();
      return true;
    };
    at.hub.onHub = (_request, reply) => hubFails-- > 0 && fail(429, reply);
    at.hub.onStore = (_request, reply) => storeFails-- > 0 && fail(500, reply);
    await pull(at);
    expect(readFileSync(pathOf(at)).equals(weights)).toBe(true);
  });

  it('gives the token to the Hub, never to the store, and shows it nowhere', async () => {
    const token = 'hf_secretsecretsecret';
    const at = await place(single, { env: { HF_TOKEN: token } });
    await pull(at);
    for (const { at: server, authorization } of at.hub.asked) {
      expect(authorization).toBe(server === 'hub' ? `Bearer ${token}` : undefined);
    }
    expect(new Set(at.hub.asked.map(({ at: server }) => server))).toEqual(new Set(['hub', 'store']));
    at.hub.onHub = (_request, reply) => {
      reply.writeHead(401).end();
      return true;
    };
    const { text } = await failure(pull(at));
    expect(text).toMatch(/did not accept the token/);
    expect(text).not.toContain(token);
  });

  it.each([
    '../../evil.safetensors',
    '/etc/evil.safetensors',
    'a\\..\\evil.safetensors',
    'C:/evil.safetensors',
    'a/./b.safetensors',
  ])('a file of the path %j is refused before anything is written', async (path) => {
    const at = await place(single);
    at.hub.listed = (files) => [...files, { type: 'file', path, size: 3, oid: '0'.repeat(40) }];
    expect(await failure(pull(at))).toMatchObject({
      code: 'download_refused',
      text: expect.stringContaining('leads out of its folder'),
    });
    expect(existsSync(at.cache)).toBe(false);
  });

  it.each([{ not: 'a list' }, [{ type: 'file', path: 'model.safetensors', size: 'big', oid: 'x' }], null])(
    'a list of files that is none is said to be so: %j',
    async (list) => {
      const at = await place(single);
      at.hub.listed = () => list;
      expect(await failure(pull(at))).toMatchObject({
        code: 'download_failed',
        text: expect.stringContaining('not valid'),
      });
    },
  );
});
