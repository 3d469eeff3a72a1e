import { spawn } from 'node:child_process';
import { once } from 'node:events';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { createPictureHost, type PictureHost, type PictureHostOptions } from '../../src/host/picture-host.ts';
import { processMemory } from '../../src/host/process-memory.ts';
import { decodeImage } from '../../src/image/decode-image.ts';
import { cropToShape, resizeLanczos } from '../../src/image/lanczos.ts';
import { isAlive } from './scripted-host.ts';

const hosts: PictureHost[] = [];
afterAll(() => Promise.all(hosts.map((host) => host.close())));

function open(options: PictureHostOptions = {}): PictureHost {
  const host = createPictureHost({ patienceMs: 600_000, ...options });
  hosts.push(host);
  return host;
}

const noise = { type: 'gaussian', mean: 128, sigma: 50 } as const;
const small = await sharp({ create: { width: 301, height: 200, channels: 3, background: 'white', noise } })
  .jpeg()
  .toBuffer();
/** The largest that is allowed. */
const large = await sharp({ create: { width: 8192, height: 8192, channels: 3, background: 'red' } })
  .jpeg()
  .toBuffer();
const size = { width: 256, height: 192 };

test('the picture comes back in the size that is asked for, as image-to-image would make it', async () => {
  const host = open();
  const picture = await host.open(small);
  expect(picture.size).toEqual({ width: 301, height: 200 });
  const { data } = await decodeImage(await picture.fit(size));
  picture.close();
  const expected = resizeLanczos(cropToShape(await decodeImage(small), size), size.width, size.height);
  expect(Buffer.from(data).equals(expected.data)).toBe(true);
});

test('the largest picture stays below the limit of memory, and none of it stays in a process or in this one', async () => {
  const host = open();
  const before = process.resourceUsage().maxRSS;
  const picture = await host.open(large);
  const [pid = 0] = host.pids;
  await picture.fit(size);
  const memory = await processMemory(pid);
  if (process.platform === 'linux') expect(memory?.peakResident).toBeLessThan(600 * 2 ** 20);
  expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(100);
  picture.close();
  await expect.poll(() => host.pids).toEqual([]);
}, 600_000);

test('a caller who goes away ends the work, and the next one is served', async () => {
  const host = open();
  const gone = new AbortController();
  const picture = await host.open(large, { signal: gone.signal });
  const [pid] = host.pids;
  const fitting = picture.fit(size);
  gone.abort();
  await expect(fitting).rejects.toMatchObject({ code: 'cancelled' });
  picture.close();
  await expect.poll(() => isAlive(pid)).toBe(false);
  const next = await host.open(small);
  expect(await next.fit(size)).toBeInstanceOf(Uint8Array);
  next.close();
  await expect(host.open(small, { signal: gone.signal })).rejects.toMatchObject({ code: 'cancelled' });
});

test('a process that dies is the error of its picture, and the next picture gets another process', async () => {
  const host = open();
  const picture = await host.open(large);
  const [pid = 0] = host.pids;
  const fitting = picture.fit(size);
  process.kill(pid, 'SIGKILL');
  await expect(fitting).rejects.toMatchObject({ code: 'engine_crashed' });
  picture.close();
  const next = await host.open(small);
  const [nextPid = 0] = host.pids;
  process.kill(nextPid, 'SIGKILL');
  await expect.poll(() => host.pids).toEqual([]);
  await expect(next.fit(size)).rejects.toMatchObject({ code: 'engine_crashed' });
  next.close();
  const last = await host.open(small);
  expect(await last.fit(size)).toBeInstanceOf(Uint8Array);
  last.close();
});

test.each([
  ['0.2 s of processor time', { cpuSeconds: 0.2 }],
  ['100 MB of memory', { memoryBytes: 100 * 2 ** 20 }],
])('a picture that takes more than %s is refused, and its process ended', async (limit, limits) => {
  const host = open({ limits });
  // Opening it may already be too much.
  const fitted = host.open(large).then((picture) => picture.fit(size).finally(() => picture.close()));
  await expect(fitted).rejects.toMatchObject({
    code: 'image_unreadable',
    message: expect.stringContaining(`more than ${limit}, the most that is allowed`),
    remedy: expect.stringMatching(/^send a smaller one/),
  });
  await expect.poll(() => host.pids).toEqual([]);
});

test('a mask that takes too much is refused as the mask', async () => {
  const picture = await open({ limits: { cpuSeconds: 0.2 } }).open(small);
  // Its opacity is decoded first, then its colours.
  const opaque = { r: 255, g: 255, b: 255, alpha: 1 };
  const mask = await sharp({ create: { width: 8192, height: 8192, channels: 4, background: opaque } })
    .png({ compressionLevel: 1 })
    .toBuffer();
  await expect(picture.mask(mask, size, 0)).rejects.toMatchObject({
    message: expect.stringMatching(/^the mask cannot be read: decoding it takes more than 0.2 s/),
    details: { param: 'mask' },
  });
  picture.close();
});

test('a mask is refused where its blur leaves nothing to repaint, and comes back sharp where it leaves something', async () => {
  const picture = await open().open(small);
  const spot = (side: number) =>
    sharp({ create: { ...picture.size, channels: 3, background: 'black' } })
      .composite([
        { input: { create: { width: side, height: side, channels: 3, background: 'white' } }, left: 90, top: 5 },
      ])
      .png()
      .toBuffer();
  const [faint, strong] = [await spot(30), await spot(190)];
  await expect(picture.mask(faint, undefined, 64)).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(/^mask has nothing left to repaint/),
    details: { param: 'mask' },
  });
  for (const [file, blur] of [
    [faint, 0],
    [strong, 16],
  ] as const) {
    expect((await decodeImage(await picture.mask(file, undefined, blur))).data).toEqual((await decodeImage(file)).data);
  }
  picture.close();
});

test('a process that hangs is ended', async () => {
  const host = open({ patienceMs: 15_000 });
  const first = await host.open(small);
  const [pid = 0] = host.pids;
  process.kill(pid, 'SIGSTOP');
  await expect(first.fit(size)).rejects.toMatchObject({ code: 'engine_hung' });
  first.close();
  await expect.poll(() => isAlive(pid)).toBe(false);
}, 120_000);

test('a process is used again for one picture after the other, and ended when it has no work', async () => {
  const host = open({ idleMs: 600_000 });
  const pids = new Set<number>();
  for (let round = 0; round < 3; round += 1) {
    const picture = await host.open(small);
    for (const pid of host.pids) pids.add(pid);
    picture.close();
  }
  expect(pids.size).toBe(1);
  const [first, second] = await Promise.all([host.open(small), host.open(small)]);
  expect(host.pids).toHaveLength(2);
  first.close();
  second.close();
  const hasty = open({ idleMs: 1 });
  (await hasty.open(small)).close();
  await expect.poll(() => hasty.pids).toEqual([]);
});

test('a file that is no picture is refused without a process', async () => {
  const host = open();
  await expect(host.open(Buffer.from('<svg/>'))).rejects.toMatchObject({ code: 'image_unreadable' });
  expect(host.pids).toEqual([]);
});

test('a closed host has no process, and what was open is refused', async () => {
  const host = open();
  const picture = await host.open(large);
  const [pid] = host.pids;
  const fitting = picture.fit(size);
  await Promise.all([expect(fitting).rejects.toMatchObject({ code: 'engine_closed' }), host.close()]);
  expect(isAlive(pid)).toBe(false);
  await expect(host.open(small)).rejects.toMatchObject({ code: 'engine_closed' });
});

/** A program with an open picture, then another statement. */
function program(then: string) {
  const module = new URL('../../src/host/picture-host.ts', import.meta.url).href;
  const source = `import { createPictureHost } from ${JSON.stringify(module)};
    const host = createPictureHost();
    const picture = await host.open(Buffer.from(${JSON.stringify(small.toString('base64'))}, 'base64'));
    console.log(...host.pids);
    ${then}`;
  const node = ['--conditions=@easel/source', '--input-type=module', '-e', source];
  return spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] });
}

test.each([
  ['is killed', 'setInterval(() => {}, 1000);', 'SIGKILL'],
  ['has nothing more to do', 'picture.close();', undefined],
] as const)('a process that reads pictures ends when its program %s', async (_, then, signal) => {
  const parent = program(then);
  const ended = once(parent, 'exit');
  const [line] = await once(parent.stdout, 'data');
  if (signal !== undefined) parent.kill(signal);
  const [code] = await ended;
  expect(code).toBe(signal === undefined ? 0 : null);
  await expect.poll(() => isAlive(Number(line))).toBe(false);
});
