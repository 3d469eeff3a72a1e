import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoModelPath } from '@easel/demo-model';
import { describe, expect, it } from 'vitest';
import { parseModelCard, readModelLicence } from './model-card.ts';

describe('a model card', () => {
  it('names a licence by its identifier', () => {
    expect(parseModelCard('---\nlicense: apache-2.0\ntags:\n- x\n---\n# Title')).toEqual({ name: 'apache-2.0' });
  });

  it('names a licence of its own by its own name, with the link', () => {
    const card =
      '---\r\ntags:\r\n- text-to-image\r\nlicense: other\r\nlicense_name: "community-license"\r\n' +
      'license_link: https://example.org/LICENSE.md # terms\r\n---\r\nText';
    expect(parseModelCard(card)).toEqual({ name: 'community-license', link: 'https://example.org/LICENSE.md' });
  });

  it('stays "other" when its own licence has no name', () => {
    expect(parseModelCard('---\nlicense: other\n---\n')).toEqual({ name: 'other' });
  });

  it('says nothing without front matter, without a licence, or of a licence in the text below', () => {
    expect(parseModelCard('# A model\nlicense: mit\n')).toBeUndefined();
    expect(parseModelCard('---\nlanguage: en\n---\nlicense: mit\n')).toBeUndefined();
    expect(parseModelCard('---\nlicense:\n---\n')).toBeUndefined();
  });

  it('is read from the README.md of the folder', async () => {
    expect(await readModelLicence(demoModelPath)).toEqual({ name: 'mit', link: '../LICENSES/MIT-fluent-emoji.txt' });
    const folder = mkdtempSync(join(tmpdir(), 'easel-card-'));
    try {
      expect(await readModelLicence(folder)).toBeUndefined();
      writeFileSync(join(folder, 'README.md'), '---\nlicense: mit\n---\n');
      expect(await readModelLicence(folder)).toEqual({ name: 'mit' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
