import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { decodeImage, EngineError } from '@easel/engine';
import { demoModelPath } from '@easel/models';
import { expect, test } from 'vitest';
import { engineFailure } from '../../src/models/engine-failure.ts';
import { EnginePainter } from '../../src/models/engine-painter.ts';
import { PaintingFailed, type PaintStep } from '../../src/models/painter.ts';
import { loadReviewHook } from '../../src/models/review.ts';
import { aRequest } from '../support/job-requests.ts';
import { openPainter } from '../support/open-painter.ts';
import { usePainter } from '../support/painter.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const painter = usePainter();
const folder = useTemporaryFolder();
const signal = () => AbortSignal.timeout(300_000);
const onStep = () => {};

test('the card of a model tells its native size and the sizes it draws', () => {
  expect(painter().models()[0]).toMatchObject({
    slug: 'demo',
    name: 'easel-demo',
    isDefault: true,
    isEmbedded: true,
    defaults: { width: 256, height: 256, steps: 25, guidanceScale: 3, scheduler: 'edm_dpmpp_2m' },
    sizes: { minSide: 64, maxSide: 256 },
  });
});

test('the limits of a model derive from its native size, so that it draws what it draws by itself', async () => {
  const copy = path.join(folder(), 'copy');
  await cp(demoModelPath, copy, { recursive: true });
  const index = path.join(copy, 'model_index.json');
  const { _easel: _, ...undeclared } = JSON.parse(await readFile(index, 'utf8'));
  await writeFile(index, JSON.stringify(undeclared));
  const models = [{ slug: 'copy', model: copy }];
  const opened = await EnginePainter.open({ models, easelVersion: 'test', env: {}, onLog: () => {} });
  const [card] = opened.models();
  expect(card).toMatchObject({ isEmbedded: false, defaults: { width: 256 }, sizes: { minSide: 128, maxSide: 384 } });
  await opened.close();
});

test('a model that does not exist keeps the server from starting', async () => {
  const models = [{ slug: 'nothing', model: path.join(folder(), 'nothing') }];
  const opening = EnginePainter.open({ models, easelVersion: 'test', env: {}, onLog: () => {} });
  await expect(opening).rejects.toMatchObject({ code: 'model_not_found' });
});

test('tokens are told without an engine, and the part that is not read', async () => {
  const text = `a red apple ${'very '.repeat(80)}ripe`;
  const [first, second] = await painter().tokenize('demo', text);
  expect(first).toMatchObject({ encoder: 'text_encoder', limit: 75 });
  expect(second?.encoder).toBe('text_encoder_2');
  expect(first?.ids).toHaveLength(75);
  expect(first?.truncated).toMatch(/ripe$/);
  await expect(painter().tokenize('unknown', 'text')).rejects.toMatchObject({ code: 'not_found' });
});

test('what an engine runs on is known once it has drawn, also when its process has been ended for lack of work', async () => {
  const brief = await openPainter({ idleMs: 1 });
  try {
    const engine = { model: 'demo', card: null };
    expect(brief.engines()[0]).toEqual({ ...engine, device: null, profiles: null });
    expect(await brief.memory()).toEqual(new Map());
    const { images } = await brief.warmUp('demo', 0, signal());
    expect(images).toHaveLength(1);
    const device = { name: 'cpu', title: 'CPU', arithmetic: 'float32' };
    const speeds = [{ profile: 'exact', ms_per_step_megapixel: expect.any(Number) }];
    expect(brief.engines()[0]).toEqual({ ...engine, device, profiles: ['exact', 'int8', 'fast'], speeds });
    await expect.poll(() => brief.memory()).toEqual(new Map());
    expect(brief.engines()[0]).toMatchObject({ device });
  } finally {
    await brief.close();
  }
});

test('previews come only when asked for, as small JPEG files', async () => {
  const seen: PaintStep[] = [];
  const note = (step: PaintStep) => seen.push(step);
  await painter().paint(aRequest({ steps: 3 }), { signal: signal(), onStep: note });
  expect(seen.map(({ preview }) => preview)).toEqual([undefined, undefined, undefined]);
  await painter().paint(aRequest({ steps: 3, preview: true }), { signal: signal(), onStep: note });
  const file = await seen.at(-1)?.preview?.();
  expect(await decodeImage(file ?? new Uint8Array())).toMatchObject({ width: expect.any(Number) });
});

test('a run that starts from a picture tells the steps it really did', async () => {
  const [start] = (await painter().paint(aRequest({ format: 'png' }), { signal: signal(), onStep })).images;
  const image = start?.bytes ?? new Uint8Array();
  const half = aRequest({ strength: 0.5, steps: 8 });
  expect(await painter().paint(half, { signal: signal(), onStep, start: { image, mask: null } })).toMatchObject({
    steps: 4,
  });
});

test('a run ends with the reason of its signal', async () => {
  const controller = new AbortController();
  const reason = new Error('not wanted any more');
  const painting = painter().paint(aRequest({ steps: 100, samples: 4 }), {
    signal: controller.signal,
    onStep: () => controller.abort(reason),
  });
  await expect(painting).rejects.toBe(reason);
});

test.each([
  ['engine_crashed', 'server_error', true],
  ['inference_failed', 'server_error', true],
  ['out_of_memory', 'server_error', true],
  ['device_lost', 'server_error', true],
  ['device_unavailable', 'server_error', true],
  ['picture_not_finite', 'server_error', false],
  ['weights_corrupt', 'server_error', false],
  ['invalid_request', 'invalid_request', false],
] as const)("the engine's %s is %s for the client; another attempt: %s", (code, expected, isWorthRetrying) => {
  const failure = engineFailure(new EngineError(code, 'about /srv/models/file', { details: { param: 'steps' } }));
  expect(failure).toBeInstanceOf(PaintingFailed);
  expect(failure).toMatchObject({ code: expected, isWorthRetrying });
  if (expected === 'server_error') expect(failure.message).not.toContain('/srv/models');
  else expect(failure.param).toBe('steps');
});

test('only what ran out of memory is told as too little memory', () => {
  const told = (code: 'out_of_memory' | 'device_unavailable' | 'device_lost') =>
    engineFailure(new EngineError(code, 'about a card')).message;
  expect(told('out_of_memory')).toContain('too little memory');
  expect(told('device_unavailable')).toContain('is not available');
  expect(told('device_lost')).toContain('the graphics card stopped');
});

async function hookOf(source: string) {
  const file = path.join(folder(), `${crypto.randomUUID()}.mjs`);
  await writeFile(file, source);
  return loadReviewHook(file);
}

const reviewed = {
  jobId: 'a job',
  index: 0,
  image: { bytes: new Uint8Array([1, 2, 3]), seed: 1, width: 128, height: 128 },
  request: aRequest(),
};

test("a review module is given the picture's bytes and its request", async () => {
  const hook = await hookOf(
    `export default async ({ bytes, request }) => ({ accept: false, reason: \`\${bytes.length} \${request.prompt}\` });`,
  );
  const verdict = await hook.review(reviewed, signal());
  expect(verdict).toEqual({ accept: false, reason: '3 a red apple on a blue background' });
});

test('a review module that answers something else accepts nothing', async () => {
  const hook = await hookOf('export default () => true;');
  await expect(hook.review(reviewed, signal())).rejects.toThrow('accept: boolean');
  await expect(hookOf('export const review = 1;')).rejects.toThrow('default export');
});
