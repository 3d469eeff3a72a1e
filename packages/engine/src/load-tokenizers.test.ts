import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadTokenizers } from './load-tokenizers.ts';

const demo = fileURLToPath(new URL('../../demo-model/model', import.meta.url));

describe('the tokenizers of a model that is not loaded', () => {
  it('give the tokens that are read, without markers', async () => {
    const { tokenize } = await loadTokenizers(demo);
    const [first, second] = tokenize('a red apple');
    expect(first).toMatchObject({ count: first.ids.length, limit: 75, truncated: '' });
    expect(first.ids.length).toBeGreaterThanOrEqual(3);
    expect(second.ids).toEqual(first.ids);
  });

  it('say what is cut off', async () => {
    const { tokenize } = await loadTokenizers(demo);
    const [{ ids, count, truncated }] = tokenize(`${'apple '.repeat(100)}lemon`);
    expect(ids).toHaveLength(75);
    expect(count).toBeGreaterThan(100);
    expect(truncated).toMatch(/lemon$/);
  });

  it('refuse a text that no request may have', async () => {
    const { tokenize } = await loadTokenizers(demo);
    expect(tokenize('ﷺ'.repeat(20_000))[0].count).toBe(60_000);
    expect(() => tokenize('a'.repeat(20_001))).toThrow('text must have at most 20000 characters (got 20001)');
  });
});
