import { expect, test } from 'vitest';
import { refusalOfDraft } from './drafts.ts';

const settings = { maxSeconds: 3, perMinute: 60, areReviewed: false };
const work = { steps: 10, width: 1024, height: 1024, profile: 'exact' } as const;
/** An engine that takes so long for a step on a megapixel, in the profile `exact`; null: it has not run yet. */
const engines = (...steps: readonly (number | null)[]) => ({
  each: steps.map(
    (ms) => new Map(ms === null ? [] : [['exact' as const, { msPerStepMegapixel: ms, msPerImage: 500, runs: 1 }]]),
  ),
  engines: steps.length,
});

test('a draft is made of what takes no longer than it may, at most', () => {
  expect(refusalOfDraft(settings, work, engines(250))).toBeNull();
  expect(refusalOfDraft(settings, work, engines(251))).toMatchObject({
    reason: 'this would take about 3.0 s here, and a draft may take 3 s',
    remedy: expect.stringContaining('fewer steps'),
  });
  expect(refusalOfDraft(settings, { ...work, steps: 9 }, engines(251))).toBeNull();
  expect(refusalOfDraft(settings, { ...work, width: 512 }, engines(400))).toBeNull();
});

test('the slowest engine decides, since any may get the draft', () => {
  expect(refusalOfDraft(settings, work, engines(10, 250))).toBeNull();
  expect(refusalOfDraft(settings, work, engines(10, 1000))?.reason).toContain('would take about 10.5 s');
});

test('another profile is taken to be as fast as the one that was measured', () => {
  expect(refusalOfDraft(settings, { ...work, profile: 'fast' }, engines(250))).toBeNull();
});

test('no draft is made of a model whose speed nobody knows on one of its engines', () => {
  expect(refusalOfDraft(settings, work, engines(null))?.reason).toContain('not known before its first picture');
  expect(refusalOfDraft(settings, work, engines())?.reason).toContain('not known before its first picture');
  expect(refusalOfDraft(settings, work, engines(null, 100))?.reason).toContain('not known before its first picture');
});

test('no draft is made where they are switched off, or where pictures are reviewed', () => {
  expect(refusalOfDraft({ ...settings, maxSeconds: 0 }, work, engines(1))?.reason).toContain('makes no drafts');
  expect(refusalOfDraft({ ...settings, areReviewed: true }, work, engines(1))?.reason).toContain('reviews pictures');
});

test('no draft is made of what is to be enlarged', () => {
  expect(refusalOfDraft(settings, { ...work, upscale: 2 }, engines(1))?.reason).toContain('not enlarged');
  expect(refusalOfDraft(settings, { ...work, upscale: null }, engines(1))).toBeNull();
});
