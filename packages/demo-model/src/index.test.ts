import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { demoModelPath } from './index.ts';

describe('the embedded model', () => {
  it('is a diffusers folder at an absolute path', () => {
    expect(isAbsolute(demoModelPath)).toBe(true);
    const index: unknown = JSON.parse(readFileSync(join(demoModelPath, 'model_index.json'), 'utf8'));
    expect(index).toMatchObject({ _class_name: 'StableDiffusionXLPipeline' });
  });

  it('comes with its card and with the licence of the art it was trained on', () => {
    const card = readFileSync(join(demoModelPath, 'README.md'), 'utf8');
    expect(card).toMatch(/^---\nlicense: mit\n/);
    const licence = /^license_link: (.+)$/m.exec(card)?.[1] ?? '';
    const text = readFileSync(join(demoModelPath, licence), 'utf8');
    expect(text).toContain('Copyright (c) Microsoft Corporation');
    expect(text).toContain('Permission is hereby granted, free of charge');
    expect(existsSync(join(demoModelPath, '..', 'LICENSES', 'ATTRIBUTION.md'))).toBe(true);
  });
});
