import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoModelPath } from '@easel/demo-model';
import { describe, expect, it } from 'vitest';
import { parseModelCard, readModelLicence } from './model-card.ts';

describe('a model card', () => {
  it('names a licence by its identifier', async () => {
    const licence = { name: 'apache-2.0', attributions: [] };
    expect(await parseModelCard('---\nlicense: apache-2.0\ntags:\n- x\n---\n# Title')).toEqual(licence);
    expect(await parseModelCard('---\nlicense:\n- apache-2.0\n- mit\n---\n# Title')).toEqual(licence);
  });

  it('names a licence of its own by its own name, with the link', async () => {
    const card =
      '---\r\ntags:\r\n- text-to-image\r\nlicense: other\r\nlicense_name: "community-license"\r\n' +
      'license_link: https://example.org/LICENSE.md # terms\r\n---\r\nText';
    const link = 'https://example.org/LICENSE.md';
    expect(await parseModelCard(card)).toEqual({ name: 'community-license', link, attributions: [] });
  });

  it('stays "other" when its own licence has no name', async () => {
    expect((await parseModelCard('---\nlicense: other\n---\n'))?.name).toBe('other');
  });

  it('gives the notices of its sources, each a line', async () => {
    const card = '---\nlicense: mit\nattributions:\n  - "Art: A. Painter"\n  - Words, >-\n  - [1]\n  - ""\n---\n';
    expect((await parseModelCard(card))?.attributions).toEqual(['Art: A. Painter', 'Words, >-']);
  });

  it('says nothing without front matter, without a licence, of a licence in the text below, or when it is not YAML', async () => {
    expect(await parseModelCard('# A model\nlicense: mit\n')).toBeUndefined();
    expect(await parseModelCard('---\nlanguage: en\n---\nlicense: mit\n')).toBeUndefined();
    expect(await parseModelCard('---\nlicense:\n---\n')).toBeUndefined();
    expect(await parseModelCard('---\nlicense: 7\n---\n')).toBeUndefined();
    expect(await parseModelCard('---\n- license: mit\n---\n')).toBeUndefined();
    expect(await parseModelCard('---\nlicense: "mit\n: : [\n---\n')).toBeUndefined();
    expect(await parseModelCard('---\na: &a [x]\nb: [*a, *a]\nlicense: mit\n---\n')).toBeUndefined();
  });

  it('is read from the README.md of the folder, or beside the single file', async () => {
    const embedded = await readModelLicence(demoModelPath);
    expect(embedded).toMatchObject({ name: 'mit', link: '../LICENSES/MIT-fluent-emoji.txt' });
    expect(embedded?.attributions[0]).toMatch(/Fluent Emoji, Copyright \(c\) Microsoft Corporation/);
    const folder = mkdtempSync(join(tmpdir(), 'easel-card-'));
    try {
      expect(await readModelLicence(folder)).toBeUndefined();
      expect(await readModelLicence(join(folder, 'absent'))).toBeUndefined();
      writeFileSync(join(folder, 'README.md'), '---\nlicense: mit\n---\n');
      writeFileSync(join(folder, 'model.safetensors'), '');
      expect(await readModelLicence(folder)).toEqual({ name: 'mit', attributions: [] });
      expect(await readModelLicence(join(folder, 'model.safetensors'))).toEqual({ name: 'mit', attributions: [] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
