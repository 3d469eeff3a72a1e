import { expect, test } from 'vitest';
import { demoModel } from '../../../test/demo-model.ts';
import { defaultSettings } from '../../settings/settings.ts';
import { factsOf } from './sheet-file.ts';

const base = { ...defaultSettings(demoModel), prompt: 'a red apple', seed: 7 };

test('the title of a sheet has what all its pictures have in common, and not what varies', () => {
  const whole = factsOf({ base, x: { kind: 'none', values: [''] }, y: { kind: 'none', values: [''] } });
  expect(whole).toBe('playground-v2.5 · 256×256 · 25 steps · guidance 3 · DPM-Solver++ 2M · profile exact · seed 7');
  const part = factsOf({
    base: { ...base, startImage: '/api/images/a', strength: 0.4 },
    x: { kind: 'steps', values: [10, 20] },
    y: { kind: 'seed', values: [1, 2] },
  });
  expect(part).toMatch(/guidance 3 · .* · strength 0\.4$/);
  expect(part).not.toMatch(/steps|seed/);
});
